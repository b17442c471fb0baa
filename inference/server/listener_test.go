package server

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// families are the ways to listen, and to reach what listens.
var families = []struct{ name, listen, host string }{
	{"IPv4", "127.0.0.1:0", "127.0.0.1"},
	{"IPv6", "[::1]:0", "::1"},
	{"both, reached by IPv4", ":0", "127.0.0.1"},
	{"both, reached by IPv6", ":0", "::1"},
}

// listen listens, and returns how to reach it.
func listen(t *testing.T, address, host string) (*listener, string) {
	t.Helper()
	l, err := Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return l.(*listener), net.JoinHostPort(host, port)
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

func TestDropNewIgnoresNewConnectionsOnly(t *testing.T) {
	for _, f := range families {
		t.Run(f.name, func(t *testing.T) {
			l, address := listen(t, f.listen, f.host)
			before := dial(t, address)
			if err := dropNew(l.TCPListener); err != nil {
				t.Fatal(err)
			}
			c, err := net.DialTimeout("tcp", address, 100*time.Millisecond)
			if err == nil {
				c.Close()
				t.Fatal("a new client was connected")
			}
			if timeout, ok := err.(net.Error); !ok || !timeout.Timeout() {
				t.Errorf("a new client got %v, want no answer", err)
			}
			served, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer served.Close()
			if _, err := before.Write([]byte("x")); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(served, make([]byte, 1)); err != nil {
				t.Error(err)
			}
			l.Close()
			if _, err := net.DialTimeout("tcp", address, 5*time.Second); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("after the end a client got %v", err)
			}
		})
	}
}

// A kernel told to defer accepting leaves a handshake open, in spite of the
// client's last packet, until data come: a handshake that takes its time.
func TestStopLetsHandshakesEnd(t *testing.T) {
	l, address := listen(t, "127.0.0.1:0", "127.0.0.1")
	raw, err := l.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	if err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT, 5)
	}); errors.Join(err, failed) != nil {
		t.Fatal(err, failed)
	}
	c := dial(t, address)
	if l.waiting() {
		t.Fatal("the handshake is over already")
	}
	stopped := make(chan struct{})
	go func() {
		l.Stop(t.Context())
		close(stopped)
	}()
	time.AfterFunc(settle/2, func() { c.Write([]byte("x")) })
	served, err := l.Accept()
	if err != nil {
		t.Fatalf("the connection was not accepted: %v", err)
	}
	defer served.Close()
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v after the last connection", err)
	}
	<-stopped
	served.Write([]byte("y"))
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		t.Errorf("the client got %v", err)
	}
}

func TestStopAcceptsAllThatWait(t *testing.T) {
	l, address := listen(t, "127.0.0.1:0", "127.0.0.1")
	const waiting = 200
	var clients []net.Conn
	for range waiting {
		clients = append(clients, dial(t, address))
	}
	var accepted atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(settle + 100*time.Millisecond) // too busy to accept, until after the deadline of Stop
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			time.Sleep(time.Millisecond)
			accepted.Add(1)
			c.Write([]byte("x"))
			defer c.Close()
		}
	}()
	l.Stop(t.Context())
	<-done
	if n := accepted.Load(); n != waiting {
		t.Errorf("%d of %d were accepted", n, waiting)
	}
	l.Stop(t.Context()) // again
	for _, c := range clients {
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			t.Fatalf("a client got %v", err)
		}
	}
}

func TestStopDoesNotWaitForeverForSomebodyToAccept(t *testing.T) {
	l, address := listen(t, "127.0.0.1:0", "127.0.0.1")
	dial(t, address)
	ctx, cancel := context.WithTimeout(t.Context(), settle+50*time.Millisecond)
	defer cancel()
	start := time.Now()
	l.Stop(ctx)
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
