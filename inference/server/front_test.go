package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/repository"
)

// emptyServer has no models: it answers every inference request with 404 and the
// model's name, which is enough to see where it thinks that one begins and ends.
func emptyServer() *Server {
	return New(Options{
		MaxRequest: 1 << 20, MaxMemory: 1 << 30, Timeout: 10 * time.Second,
		HeadTimeout: 10 * time.Second, BodyTimeout: 10 * time.Second, IdleTimeout: 10 * time.Second,
	}, repository.New(repository.Options{}), nil, metrics.New(""))
}

// twoServers serves the same handler behind the front, and by net/http alone.
func twoServers(t testing.TB) (front, plain string) {
	t.Helper()
	s := emptyServer()
	listen := func() net.Listener {
		l, err := Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	p := Ports{HTTP: listen(), GRPC: listen()}
	life := s.Start(p, nil)
	t.Cleanup(func() { life.Stop(time.Second) })
	other := &http.Server{Handler: life.rest.Handler, MaxHeaderBytes: life.rest.MaxHeaderBytes, ErrorLog: life.rest.ErrorLog}
	l := listen()
	go other.Serve(l)
	t.Cleanup(func() { other.Close() })
	return p.HTTP.Addr().String(), l.Addr().String()
}

// converse sends chunks, with a moment between them, then nothing more, and
// returns the answers without what differs from time to time.
func converse(t testing.TB, address string, chunks ...[]byte) []string {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(20 * time.Second))
	for i, b := range chunks {
		if i > 0 {
			time.Sleep(2 * time.Millisecond)
		}
		if _, err := c.Write(b); err != nil {
			break // the server has closed, for a reason that it tells
		}
	}
	c.(*net.TCPConn).CloseWrite()
	var answers []string
	for r := bufio.NewReader(c); ; {
		resp, err := http.ReadResponse(r, nil)
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return answers
		}
		if err != nil {
			t.Fatalf("after %q: %v", answers, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatalf("after %q: %v", answers, err)
		}
		answers = append(answers, fmt.Sprintf("%d %s %t %s", resp.StatusCode, resp.Header.Get("Content-Type"), resp.Close, body))
	}
}

// truncated says whether bytes end in the middle of a request's body.
func truncated(b []byte) bool {
	for r := bufio.NewReader(bytes.NewReader(b)); ; {
		req, err := http.ReadRequest(r)
		if err != nil {
			return false
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return true
		}
	}
}

// compare sends the same bytes to the front and to net/http and wants the same
// answers. One may be missing, to a request whose body does not come whole: the
// front reads it before it looks for the model.
func compare(t *testing.T, front, plain string, chunks ...[]byte) {
	t.Helper()
	all := bytes.Join(chunks, nil)
	got, want := converse(t, front, chunks...), converse(t, plain, all)
	if truncated(all) && len(got) == len(want)-1 {
		want = want[:len(got)]
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%.4096q:\nfront    %q\nnet/http %q", all, got, want)
	}
}

func request(model, body string, headers ...string) string {
	head := inferHead(append([]string{fmt.Sprintf("Content-Length: %d", len(body))}, headers...)...)
	return strings.Replace(head, "/m/", "/"+model+"/", 1) + body
}

func TestFrontAnswersAsNetHTTPDoes(t *testing.T) {
	front, plain := twoServers(t)
	after := request("after", "{}")
	for name, head := range unusual {
		t.Run(name, func(t *testing.T) { compare(t, front, plain, []byte(request("before", "")+head+"{}"+after+after)) })
	}
	for name, in := range map[string]string{
		"pipelined":                request("a", "{}") + request("b", "") + request("c", strings.Repeat("x", 40000)) + after,
		"a body like a request":    request("a", request("inner", "{}")) + after,
		"chunked, then plain":      inferHead("Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n" + after,
		"chunked and a length":     inferHead("Content-Length: 3", "Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n" + after,
		"a length beyond the body": request("a", "{}") + inferHead("Content-Length: 100") + "{}",
		"a length below the body":  inferHead("Content-Length: 2") + "{}{}" + after,
		"a head of 20 KB":          request("a", "{}", "X-A: "+strings.Repeat("a", 20000)) + after,
		"a head of 100 KB":         request("a", "{}", "X-A: "+strings.Repeat("a", 100000)) + after,
		"a body over the limit":    request("a", strings.Repeat("x", 1<<20+1)) + after,
		"another path between":     request("a", "{}") + "GET /v2/models/b HTTP/1.1\r\nHost: h\r\n\r\n" + after,
		"garbage":                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	} {
		t.Run(name, func(t *testing.T) { compare(t, front, plain, []byte(in)) })
	}
}

func TestFrontReadsRequestsHoweverTheyAreSplit(t *testing.T) {
	front, plain := twoServers(t)
	in := []byte(request("one", `{"inputs":[]}`) + request("two", "{}") + request("three", "{}", "Connection: close"))
	for at := range in {
		compare(t, front, plain, in[:at], in[at:])
	}
}

// FuzzFrontAnswersAsNetHTTP sends whatever it likes, cut in two, and compares.
func FuzzFrontAnswersAsNetHTTP(f *testing.F) {
	front, plain := twoServers(f)
	after := request("after", "{}")
	f.Add([]byte(request("one", "{}")+request("two", "")+after), uint16(0))
	f.Add([]byte(request("one", "{}", "Connection: keep-alive")+after), uint16(90))
	f.Add([]byte(inferHead("Transfer-Encoding: chunked")+"2\r\n{}\r\n0\r\n\r\n"+after), uint16(70))
	for _, head := range unusual {
		f.Add([]byte(head+"{}"+after), uint16(40))
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint16) {
		if len(in) > 64<<10 {
			return
		}
		if at == 0 || int(at) >= len(in) {
			compare(t, front, plain, in)
			return
		}
		compare(t, front, plain, in[:at], in[at:])
	})
}
