package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/load"
)

// open connects to a server.
func open(t *testing.T, address string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c, bufio.NewReader(c)
}

// answer reads a response, with its body.
func answer(t *testing.T, r *bufio.Reader) (*http.Response, []byte) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, body
}

// inferBody asks for so many rows.
func inferBody(rows int) []byte {
	ids := strings.TrimSuffix(strings.Repeat("1,", rows), ",")
	return fmt.Appendf(nil, `{"inputs":[{"name":"input_ids","shape":[%d,1],"datatype":"INT64","data":[%s]}]}`, rows, ids)
}

const inferPath = "/v2/models/sentiment/infer"

// healthy says whether the server answers a proper request, quickly.
func (p *process) healthy(t *testing.T) {
	t.Helper()
	start := time.Now()
	c, r := open(t, p.http)
	c.Write(load.Request("POST", p.http, inferPath, inferBody(1)))
	if resp, body := answer(t, r); resp.StatusCode != 200 {
		t.Errorf("got %s %s", resp.Status, body)
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("a proper request took %s", took)
	}
}

// dribble sends bytes one by one until the server has had enough, and returns
// what it says and how long that took.
func dribble(t *testing.T, p *process, at time.Duration, first, rest []byte) (said string, took time.Duration) {
	c, r := open(t, p.http)
	start := time.Now()
	go func() {
		c.Write(first)
		for i := range rest {
			time.Sleep(at)
			if _, err := c.Write(rest[i : i+1]); err != nil {
				return
			}
		}
	}()
	b, _ := io.ReadAll(r)
	return string(b), time.Since(start)
}

func TestSlowClientsAreCutOffWhileOthersAreServed(t *testing.T) {
	const head, body = 700 * time.Millisecond, 1200 * time.Millisecond
	p := start(t, "--device", "cpu", "--head-timeout", head.String(), "--body-timeout", body.String())
	request := load.Request("POST", p.http, inferPath, append(inferBody(1), bytes.Repeat([]byte(" "), 1000)...))
	end := bytes.Index(request, []byte("\r\n\r\n")) + 4
	other := load.Request("POST", p.http, "/predict", []byte(`{"text":"`+strings.Repeat("a", 1000)+`"}`))
	otherEnd := bytes.Index(other, []byte("\r\n\r\n")) + 4
	for _, tc := range []struct {
		name        string
		first, rest []byte
		limit       time.Duration
		want        string // of the answer; empty if there is none
	}{
		{"head", nil, request, head, ""},
		{"head after its first half", request[:end/2], request[end/2:], head, ""},
		{"body", request[:end], request[end:], body, "took too long"},
		{"body of the slow path", other[:otherEnd], other[otherEnd:], body, "took too long"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			said, took := dribble(t, p, 20*time.Millisecond, tc.first, tc.rest)
			if !strings.Contains(said, tc.want) || tc.want == "" && strings.Contains(said, " 200 ") {
				t.Errorf("the server said %q", said)
			}
			if took < tc.limit/2 || took > tc.limit+2*time.Second {
				t.Errorf("cut off after %s, limit %s", took, tc.limit)
			}
		})
	}
	t.Run("others", func(t *testing.T) {
		t.Parallel()
		for range 10 {
			p.healthy(t)
			time.Sleep(100 * time.Millisecond)
		}
	})
}

// metric is the value of a sample of the server's metrics, 0 if it is not there.
func (p *process) metric(t *testing.T, sample string) float64 {
	t.Helper()
	resp, err := http.Get("http://" + p.metrics + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), sample+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return 0
}

func TestAClientThatLeavesIsDroppedFromItsBatch(t *testing.T) {
	p := start(t, "--device", "cpu", "--max-queue-delay", "600ms")
	rows := `inference_batch_size_sum{model_name="sentiment",version="1"}`
	const gone = `inference_rejected_requests_total{reason="cancelled"}`
	infer := load.Request("POST", p.http, inferPath, inferBody(1))
	predict := load.Request("POST", p.http, "/predict", []byte(`{"text":"fine"}`))
	for name, leaver := range map[string][]byte{"fast path": infer, "slow path": predict} {
		t.Run(name, func(t *testing.T) {
			// After a batch of three rows the server expects three again, and so
			// waits for a third when two have come.
			c, r := open(t, p.http)
			c.Write(load.Request("POST", p.http, inferPath, inferBody(3)))
			if resp, body := answer(t, r); resp.StatusCode != 200 {
				t.Fatalf("got %s %s", resp.Status, body)
			}
			rowsBefore, goneBefore := p.metric(t, rows), p.metric(t, gone)
			staying, answers := open(t, p.http)
			leaving, _ := open(t, p.http)
			start := time.Now()
			leaving.Write(leaver)
			staying.Write(infer)
			time.Sleep(100 * time.Millisecond)
			leaving.Close()
			if resp, body := answer(t, answers); resp.StatusCode != 200 {
				t.Errorf("who stayed got %s %s", resp.Status, body)
			}
			if took := time.Since(start); took < 200*time.Millisecond {
				t.Errorf("the batch ran after %s already", took)
			}
			if n := p.metric(t, rows) - rowsBefore; n != 1 {
				t.Errorf("%g rows were run, want that of the client who stayed", n)
			}
			if n := p.metric(t, gone) - goneBefore; n != 1 {
				t.Errorf("%g requests were dropped, want 1", n)
			}
		})
	}
}

// rss is the server's memory, in MiB.
func (p *process) rss(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(b), "VmHWM:") // the highest so far
	n, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return n >> 10
}

func TestAGigabyteIsRefusedWithoutBeingKept(t *testing.T) {
	p := start(t, "--device", "cpu", "--max-request-bytes", "2Mi")
	p.healthy(t)
	before := p.rss(t)
	chunk := append(append([]byte("100000\r\n"), bytes.Repeat([]byte(" "), 1<<20)...), "\r\n"...)
	for _, path := range []string{inferPath, "/predict"} {
		for name, head := range map[string]string{
			"declared": "Content-Length: 1073741824",
			"streamed": "Transfer-Encoding: chunked",
		} {
			t.Run(name+" "+path, func(t *testing.T) {
				c, r := open(t, p.http)
				fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: h\r\n%s\r\n\r\n", path, head)
				sent := make(chan int)
				go func() {
					n := 0
					defer func() { sent <- n }()
					for ; n < 1024; n++ {
						if _, err := c.Write(chunk); err != nil {
							return
						}
					}
				}()
				resp, body := answer(t, r)
				if resp.StatusCode != 413 || !bytes.Contains(body, []byte(`{"error":`)) || !resp.Close {
					t.Errorf("got %s %s", resp.Status, body)
				}
				io.Copy(io.Discard, r)
				c.Close()
				t.Logf("%d MiB were sent before the end", <-sent)
			})
		}
	}
	p.healthy(t)
	if grown := p.rss(t) - before; grown > 24 {
		t.Errorf("the server grew by %d MiB", grown)
	}
}
