package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A front stands between the HTTP port and net/http. It serves plain inference
// requests itself, with one read and one write each, and hands every connection
// on which something else comes, with the bytes that it has read, to net/http
// for good.
//
// The reason is arithmetic. On a small model, and on a large one with a full
// batch, net/http's work for a request (a goroutine that watches the connection,
// header maps, deadlines, two reads) costs as much CPU time as a fair part of
// the inference. To net/http the front is the listener.
type front struct {
	s       *Server
	l       net.Listener
	largest int // body on the fast path

	others chan net.Conn
	ended  chan struct{} // no more connections are accepted
	why    error         // readable after ended
	done   chan struct{} // and all of them are finished or handed over
	date   atomic.Pointer[[]byte]

	mu    sync.Mutex
	conns map[*fastConn]struct{}
	wg    sync.WaitGroup

	handed  atomic.Int64 // connections that net/http has open
	leaving atomic.Int64 // connections being closed; see part
}

const (
	// headRoom is the size of the buffer for a head and what comes with it.
	headRoom = 16 << 10
	// largestFast is the largest body on the fast path. Larger ones are rare, take
	// long anyway, and need net/http's ways of refusing them half read.
	largestFast = 1 << 20
	// renew is how stale a connection's deadline may get before it is set
	// again; setting it for every request costs more than it is worth.
	renew = time.Second
	// look is how often a drain looks whether it is over.
	look = 10 * time.Millisecond
)

func newFront(s *Server, l net.Listener) *front {
	f := &front{
		s: s, l: l, largest: int(min(largestFast, s.opts.MaxRequest)),
		others: make(chan net.Conn), ended: make(chan struct{}), done: make(chan struct{}),
		conns: map[*fastConn]struct{}{},
	}
	f.tick(time.Now())
	go f.accept()
	go f.clock()
	go func() {
		<-f.ended
		f.wg.Wait()
		close(f.done)
	}()
	return f
}

// Accept implements net.Listener for net/http.
func (f *front) Accept() (net.Conn, error) {
	select {
	case c := <-f.others:
		return c, nil
	case <-f.done: // not ended: the last connections may still be handed over
		return nil, f.why
	}
}

// Close implements net.Listener.
func (f *front) Close() error { return f.l.Close() }

// Addr implements net.Listener.
func (f *front) Addr() net.Addr { return f.l.Addr() }

func (f *front) accept() {
	defer close(f.ended)
	for {
		c, err := f.l.Accept()
		if isPassing(err) {
			slog.Warn("cannot accept a connection", "error", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			f.why = err
			return
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok || f.s.opts.Tracer != nil { // traces need the headers
			f.wg.Go(func() { f.handOver(c, nil) })
			continue
		}
		fc := newFastConn(f, tcp)
		f.mu.Lock()
		f.conns[fc] = struct{}{}
		f.mu.Unlock()
		f.wg.Go(fc.serve)
	}
}

// isPassing says whether a failure to accept says nothing about the next
// attempt; see accept(2).
func isPassing(err error) bool {
	for _, e := range []error{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED, syscall.EPROTO, syscall.EPERM,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// handOver gives a connection to net/http, with the bytes read so far.
func (f *front) handOver(c net.Conn, read []byte) {
	c.SetDeadline(time.Time{})
	h := f.hand(c, read)
	select {
	case f.others <- h:
	case <-time.After(f.s.opts.HeadTimeout): // net/http has ended
		h.Close()
	}
}

// clock keeps the Date header's text.
func (f *front) clock() {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			f.tick(now)
		case <-f.done:
			return
		}
	}
}

func (f *front) tick(now time.Time) {
	b := now.UTC().AppendFormat(nil, http.TimeFormat)
	f.date.Store(&b)
}

// stop returns when every connection has been told, with an answer, that it was
// its last, and is closed. Connections on which nothing comes are closed when
// patience ends, and the others cut off when ctx ends. Those of net/http that are
// open at the end of patience are left to it.
func (f *front) stop(ctx, patience context.Context) error {
	<-f.ended
	for {
		if f.over() && (f.handed.Load() == 0 || patience.Err() != nil) {
			return nil
		}
		if patience.Err() != nil {
			f.each(func(c *fastConn) {
				// Again and again: the connection may be setting its own deadline.
				if c.state.CompareAndSwap(idle, closed) || c.state.Load() == closed {
					c.c.SetReadDeadline(time.Unix(1, 0))
				}
			})
		}
		sleep(ctx, look)
		if ctx.Err() != nil {
			f.each(func(c *fastConn) { c.c.Close() })
			return context.Cause(ctx)
		}
	}
}

func (f *front) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

func (f *front) each(do func(*fastConn)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		do(c)
	}
}
