package server_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	goruntime "runtime"
	"strings"
	"testing"
	"time"
)

// dial connects to the HTTP port.
func (l *live) dial(t testing.TB) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(l.http, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

// head is that of an inference request with a body of n bytes.
func head(model string, n int, headers ...string) string {
	return fmt.Sprintf("POST /v2/models/%s/infer HTTP/1.1\r\n%s\r\n\r\n", model,
		strings.Join(append([]string{"Host: h", fmt.Sprintf("Content-Length: %d", n)}, headers...), "\r\n"))
}

// answer reads the answer to what was sent; it is 0 if the connection ends
// instead.
func answer(c net.Conn) (status int, body string) {
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestAnnouncedBodiesTakeNoMemory(t *testing.T) {
	l := run(t, func(o *options) { o.MaxMemory = 4 << 20 })
	for _, model := range []string{"pair", "none"} {
		for range 10 {
			if _, err := io.WriteString(l.dial(t), head(model, 1<<20)); err != nil {
				t.Fatal(err)
			}
		}
	}
	time.Sleep(200 * time.Millisecond) // the heads are read
	l.answers(t)
}

func TestBodiesTakeMemoryAsTheyComeAndGiveItBack(t *testing.T) {
	const most = 1 << 20
	l := run(t, func(o *options) { o.MaxMemory = most })
	for _, headers := range [][]string{nil, {"Inference-Priority: normal"}} {
		c := l.dial(t) // most of the memory is taken by half a body
		io.WriteString(c, head("pair", most, headers...)+strings.Repeat(" ", most-300))
		refused := false
		for deadline := time.Now().Add(30 * time.Second); !refused && time.Now().Before(deadline); {
			other := l.dial(t)
			io.WriteString(other, head("pair", 2000, headers...)+strings.Repeat(" ", 2000))
			status, body := answer(other)
			refused = status == http.StatusServiceUnavailable && strings.Contains(body, "memory")
			other.Close()
		}
		if !refused {
			t.Errorf("%v: bodies beyond the memory for all are read", headers)
		}
		c.Close()
		freed := false
		for deadline := time.Now().Add(30 * time.Second); !freed && time.Now().Before(deadline); {
			resp, _ := l.do(t, "POST", "/v2/models/pair/infer", []byte(good+strings.Repeat(" ", 2000)))
			freed = resp.StatusCode == http.StatusOK
		}
		if !freed {
			t.Errorf("%v: the memory of a body that did not come whole is not given back", headers)
		}
	}
	for range 2 * most / 10_000 {
		if resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(good+strings.Repeat(" ", 10_000))); resp.StatusCode != http.StatusOK {
			t.Fatalf("the memory of bodies that are answered is not given back: %d %s", resp.StatusCode, b)
		}
	}
}

// TestIdleConnectionsKeepNoMemory leaves connections open on which large requests
// have been answered.
func TestIdleConnectionsKeepNoMemory(t *testing.T) {
	l := run(t, nil)
	heap := func() int64 {
		var m goruntime.MemStats
		for range 3 { // pools let go of what they have with the second collection
			goruntime.GC()
		}
		goruntime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	const clients, size = 20, 900_000
	for range clients {
		c := l.dial(t)
		body := `{"note":"\n` + strings.Repeat("a", size) + `",` + good[1:]
		go io.WriteString(c, head("pair", len(body))+body)
		if status, b := answer(c); status != http.StatusOK {
			t.Fatalf("%d %s", status, b)
		}
	}
	if grown := heap() - before; grown > clients*size/4 {
		t.Errorf("%d idle connections keep %d KiB each", clients, grown/clients>>10)
	}
}

func TestALongIDIsRefused(t *testing.T) {
	l := run(t, nil)
	id := strings.Repeat("x", 5000)
	resp, b := l.do(t, "POST", "/v2/models/pair/infer", []byte(strings.Replace(good, `"7"`, `"`+id+`"`, 1)))
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(b), "the id is longer") {
		t.Errorf("%d %.100s", resp.StatusCode, b)
	}
	if _, err := l.client.ModelInfer(t.Context(), goodGRPC(func(m *request) { m.Id = id })); err == nil || !strings.Contains(err.Error(), "the id is longer") {
		t.Errorf("gRPC: %v", err)
	}
}

// TestLateAnswersAreStillGiven has requests wait for longer than a connection
// may be idle, and than a body or an answer may take.
func TestLateAnswersAreStillGiven(t *testing.T) {
	const body = 100 * time.Millisecond
	for name, tc := range map[string]struct {
		headers []string
		apart   bool // head and body come in two pieces
	}{
		"fast":                  {nil, false},
		"fast, in two pieces":   {nil, true},
		"net/http":              {[]string{"Inference-Priority: normal"}, false},
		"net/http, named limit": {[]string{"Inference-Timeout: 600ms"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			l := run(t, func(o *options) {
				slow(o)
				o.BodyTimeout, o.IdleTimeout, o.Timeout = body, body, 500*time.Millisecond
				if name == "net/http, named limit" {
					o.Timeout = body
				}
			})
			l.fill(t)
			c := l.dial(t)
			io.WriteString(c, head("pair", len(good), tc.headers...))
			if tc.apart {
				time.Sleep(body / 4)
			}
			io.WriteString(c, good)
			if status, b := answer(c); status != http.StatusGatewayTimeout {
				t.Errorf("a deadline that passes: %d %s", status, b)
			}
		})
	}
	t.Run("no limit", func(t *testing.T) {
		l := run(t, func(o *options) {
			slow(o)
			o.BodyTimeout, o.IdleTimeout, o.Timeout, o.batch.MaxDelay = body, body, 0, 500*time.Millisecond
		})
		for _, headers := range [][]string{nil, {"Inference-Priority: normal"}} {
			l.fill(t)
			c := l.dial(t)
			io.WriteString(c, head("pair", len(good), headers...)+good)
			if status, b := answer(c); status != http.StatusOK {
				t.Errorf("%v: %d %s", headers, status, b)
			}
		}
	})
}
