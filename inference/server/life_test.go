package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// begin starts a server without models.
func begin(t *testing.T) (l *Life, rest, grpc string) {
	t.Helper()
	h, httpAddress := listen(t, "127.0.0.1:0", "127.0.0.1")
	g, grpcAddress := listen(t, "127.0.0.1:0", "127.0.0.1")
	l = emptyServer().Start(Ports{HTTP: h, GRPC: g}, nil)
	t.Cleanup(func() { l.Stop(time.Second) })
	return l, httpAddress, grpcAddress
}

// drain stops a server in the background, and returns when it has begun.
func drain(l *Life, limit time.Duration) (result chan error) {
	result = make(chan error, 1)
	go func() { result <- l.Stop(limit) }()
	for !l.s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	return result
}

// ask sends bytes and reads an answer.
func ask(t *testing.T, c net.Conn, r *bufio.Reader, in string) *http.Response {
	t.Helper()
	if _, err := c.Write([]byte(in)); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp
}

// paths are a request of the fast path, and one of net/http.
var paths = map[string]string{
	"fast": request("m", "{}"),
	"slow": "GET /v2/models/m HTTP/1.1\r\nHost: h\r\n\r\n",
}

func TestDrainTellsEveryConnectionBeforeItCloses(t *testing.T) {
	for name, in := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, address, _ := begin(t)
			used, fresh, half := dial(t, address), dial(t, address), dial(t, address)
			readers := map[net.Conn]*bufio.Reader{used: bufio.NewReader(used), fresh: bufio.NewReader(fresh), half: bufio.NewReader(half)}
			if resp := ask(t, used, readers[used], in); resp.Close {
				t.Error("a connection ends before the drain")
			}
			half.Write([]byte(in[:len(in)/2]))
			result := drain(l, 10*time.Second)
			time.Sleep(linger + settle + 500*time.Millisecond) // the port is closed
			if _, err := net.Dial("tcp", address); err == nil {
				t.Error("the port is open")
			}
			for c, rest := range map[net.Conn]string{used: in, fresh: in, half: in[len(in)/2:]} {
				resp := ask(t, c, readers[c], rest)
				if resp.StatusCode != 404 || !resp.Close {
					t.Errorf("got %s, close %v", resp.Status, resp.Close)
				}
				if _, err := readers[c].ReadByte(); !errors.Is(err, io.EOF) {
					t.Errorf("after the last answer: %v", err)
				}
			}
			select {
			case err := <-result:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(3 * time.Second):
				t.Error("the drain goes on, though nobody is left")
			}
		})
	}
}

func TestDrainEndsForIdleConnectionsWithoutAnError(t *testing.T) {
	for name, in := range paths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, address, _ := begin(t)
			c, silent := dial(t, address), dial(t, address)
			r := bufio.NewReader(c)
			ask(t, c, r, in)
			start := time.Now()
			if err := <-drain(l, 2*time.Second); err != nil {
				t.Error(err)
			}
			if took := time.Since(start); took < 1500*time.Millisecond || took > 3*time.Second {
				t.Errorf("took %s, want about four fifths of 2 s", took)
			}
			for _, c := range []io.Reader{r, silent} {
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
					t.Errorf("an idle client got %v", err)
				}
			}
		})
	}
}

func TestDrainCutsOffWhatDoesNotEnd(t *testing.T) {
	for name, in := range map[string]string{
		"fast": inferHead("Content-Length: 100") + "{",
		"slow": "POST /predict HTTP/1.1\r\nHost: h\r\nContent-Le",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, address, grpc := begin(t)
			c, mute := dial(t, address), dial(t, grpc)
			c.Write([]byte(in))
			defer mute.Close()
			time.Sleep(50 * time.Millisecond)
			start := time.Now()
			if err := <-drain(l, time.Second); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("took %s of 1 s", took)
			}
		})
	}
}

// A client that has sent more than was read must see an orderly end, not a
// reset, which can take the last answer with it.
func TestPartingIsNotAReset(t *testing.T) {
	for name, in := range map[string]string{
		"fast, pipelined":           request("m", "{}") + request("m", strings.Repeat("x", 100000)),
		"slow, pipelined":           paths["slow"] + request("m", strings.Repeat("x", 100000)),
		"fast, more than is let in": inferHead(fmt.Sprintf("Content-Length: %d", 1<<30)) + strings.Repeat("x", 3<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, address, _ := begin(t)
			c := dial(t, address)
			drain(l, 5*time.Second)
			go c.Write([]byte(in))
			time.Sleep(200 * time.Millisecond)
			r := bufio.NewReader(c)
			resp := ask(t, c, r, "")
			if !resp.Close {
				t.Errorf("got %s, and the connection goes on", resp.Status)
			}
			if n, err := io.Copy(io.Discard, r); err != nil || n > 0 {
				t.Errorf("after the answer: %d bytes, %v", n, err)
			}
		})
	}
}
