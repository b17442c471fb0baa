package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/protocol"
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
	s *Server
	l net.Listener

	others chan net.Conn
	ended  chan struct{} // no more connections are accepted
	done   chan struct{} // and all of them are finished or handed over
	date   atomic.Pointer[[]byte]

	mu    sync.Mutex
	conns map[*fastConn]struct{}
	wg    sync.WaitGroup
}

const (
	// headRoom is the size of the buffer for a head and what comes with it.
	headRoom = 16 << 10
	// largestFast is the largest body on the fast path. Larger ones are rare, take
	// long anyway, and need net/http's ways of refusing them half read.
	largestFast = 1 << 20
	// grace is how long a connection must have been idle for a drain to close it.
	grace = 10 * settle
	// renew is how stale a connection's deadline may get before it is set
	// again; setting it for every request costs more than it is worth.
	renew = time.Second
)

func newFront(s *Server, l net.Listener) *front {
	f := &front{
		s: s, l: l, others: make(chan net.Conn), ended: make(chan struct{}), done: make(chan struct{}),
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
		return nil, net.ErrClosed
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
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
			slog.Warn("cannot accept a connection", "error", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok || f.s.opts.Tracer != nil { // traces need the headers
			f.handOver(c, nil)
			continue
		}
		fc := &fastConn{f: f, c: tcp, buf: make([]byte, 0, headRoom)}
		fc.gone = fc.askGone
		fc.since.Store(time.Now().UnixNano()) // or stop would take it for idle since 1970
		f.mu.Lock()
		f.conns[fc] = struct{}{}
		f.mu.Unlock()
		f.wg.Go(fc.serve)
	}
}

// handOver gives a connection to net/http, with the bytes read so far.
func (f *front) handOver(c net.Conn, read []byte) {
	c.SetDeadline(time.Time{})
	select {
	case f.others <- &replay{c, slices.Clone(read)}:
	case <-time.After(f.s.opts.HeadTimeout): // net/http has ended
		c.Close()
	}
}

// A replay is a connection some of whose bytes have been read already.
type replay struct {
	net.Conn
	read []byte
}

func (r *replay) Read(p []byte) (int, error) {
	if len(r.read) > 0 {
		n := copy(p, r.read)
		r.read = r.read[n:]
		return n, nil
	}
	return r.Conn.Read(p)
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

// stop closes idle connections and waits until the others have answered; when
// ctx ends it cuts them off.
func (f *front) stop(ctx context.Context) error {
	<-f.ended
	for {
		f.mu.Lock()
		for c := range f.conns {
			// A client that has just connected gets a moment to send what it is
			// about to send; and what it has sent is a request, even if this
			// process was too busy to read it yet.
			if c.state.Load() == idle && time.Since(time.Unix(0, c.since.Load())) > grace && !c.waiting() &&
				c.state.CompareAndSwap(idle, closed) {
				c.c.Close()
			}
		}
		f.mu.Unlock()
		select {
		case <-f.done:
			return nil
		case <-time.After(settle / 5):
		case <-ctx.Done():
			f.mu.Lock()
			defer f.mu.Unlock()
			for c := range f.conns {
				c.c.Close()
			}
			return context.Cause(ctx)
		}
	}
}

// The states of a fast connection.
const (
	idle   int32 = iota // waiting for a request
	active              // reading, computing or answering one
	closed              // by stop
)

// A fastConn is a connection on which only plain inference requests have come.
type fastConn struct {
	f        *front
	c        *net.TCPConn
	buf      []byte // read and not yet used
	store    []byte // for responses
	infer    protocol.Infer
	gone     func() bool // askGone, made once
	deadline time.Time

	state atomic.Int32
	since atomic.Int64 // when it became idle
}

func (c *fastConn) serve() {
	handed := false
	defer func() {
		if p := recover(); p != nil {
			slog.Error("the fast path panicked", "panic", p, "stack", string(debug.Stack()))
		}
		c.f.mu.Lock()
		delete(c.f.conns, c)
		c.f.mu.Unlock()
		if !handed {
			c.c.Close()
		}
	}()
	for {
		if !c.await() {
			return
		}
		h, ok := parseHead(c.buf)
		if !ok || h.length > largestFast {
			handed = true
			c.f.handOver(c.c, c.buf)
			return
		}
		if !c.exchange(h) {
			return
		}
		c.since.Store(time.Now().UnixNano())
		c.state.Store(idle)
	}
}

// await reads until there is something; false means the end of the connection.
func (c *fastConn) await() bool {
	c.since.Store(time.Now().UnixNano())
	if now := time.Now(); now.Add(c.f.s.opts.IdleTimeout).Sub(c.deadline) > renew {
		c.deadline = now.Add(c.f.s.opts.IdleTimeout)
		c.c.SetDeadline(c.deadline)
	}
	if len(c.buf) == 0 {
		n, err := c.c.Read(c.buf[:cap(c.buf)])
		if err != nil || n == 0 {
			return false
		}
		c.buf = c.buf[:n]
	}
	return c.state.CompareAndSwap(idle, active)
}

// exchange serves one request and says whether the connection can go on.
func (c *fastConn) exchange(h head) bool {
	s, start := c.f.s, time.Now()
	last := s.draining.Load() // asked once: what the answer says must come true
	s.metrics.InFlight.Inc()
	defer s.metrics.InFlight.Dec()
	if err := s.reserve(int64(h.length)); err != nil {
		c.c.Write(c.refusal(err, true)) // with its body unread, the connection cannot go on
		return false
	}
	defer s.free(int64(h.length))
	v, err := s.models.Acquire(string(h.model), string(h.version))
	if err != nil {
		if _, ok := c.body(h, nil); !ok {
			return false
		}
		return c.write(c.refusal(err, last)) && !last
	}
	defer v.Release()
	call := v.Call()
	defer call.Release()
	body, ok := c.body(h, call)
	if !ok {
		return false
	}
	err = c.infer.Decode(body, h.json, v.Signature, call)
	if err == nil {
		err = s.submit(context.Background(), v, call, c.infer.Priority, s.deadline(start, c.infer.Timeout), c.gone)
	}
	var answer []byte
	if err == nil {
		answer, err = c.answer(last, func(dst []byte) ([]byte, int, error) {
			return c.infer.Encode(dst, v.Model, v.Name, v.Signature, call)
		})
	}
	if err != nil {
		return c.write(c.refusal(err, last)) && !last
	}
	ok = c.write(answer)
	s.metrics.Response("http", "200")
	if m, isMeter := v.Meter().(*metrics.Meter); isMeter {
		m.Served(time.Since(start), call.Waited+call.Computed)
	}
	return ok && !last
}

// body returns the request's body, and leaves in c.buf what follows it. With a
// call, the bytes are in memory that lives as long as the call.
func (c *fastConn) body(h head, call *batch.Call) ([]byte, bool) {
	have := c.buf[h.size:]
	var into []byte
	if call != nil {
		into = call.Body[:0]
	}
	into = slices.Grow(into, h.length)[:h.length]
	if call != nil {
		call.Body = into
	}
	n := copy(into, have)
	rest := copy(c.buf[:cap(c.buf)], have[n:]) // the next request, if any
	c.buf = c.buf[:rest]
	if n == h.length {
		return into, true
	}
	c.deadline = time.Now().Add(c.f.s.opts.BodyTimeout)
	c.c.SetDeadline(c.deadline)
	_, err := io.ReadFull(c.c, into[n:])
	return into, err == nil
}

// answer is a whole response, valid until the next one is made.
func (c *fastConn) answer(last bool, encode func([]byte) ([]byte, int, error)) ([]byte, error) {
	// The head tells the length of what comes after it, so it is written into
	// room left before the body.
	const room = 256
	if cap(c.store) < room {
		c.store = make([]byte, room, 4096)
	}
	out, json, err := encode(c.store[:room])
	if err != nil {
		return nil, err
	}
	c.store = keep(out)
	var head [room]byte
	b := append(head[:0], "HTTP/1.1 200 OK\r\nDate: "...)
	b = append(b, *c.f.date.Load()...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(out)-room), 10)
	if json < 0 {
		b = append(b, "\r\nContent-Type: application/json"...)
	} else {
		b = append(b, "\r\nContent-Type: application/octet-stream\r\nInference-Header-Content-Length: "...)
		b = strconv.AppendInt(b, int64(json), 10)
	}
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	b = append(b, "\r\n\r\n"...)
	at := room - len(b)
	copy(out[at:], b)
	return out[at:], nil
}

// refusal is a whole response that tells an error.
func (c *fastConn) refusal(err error, last bool) []byte {
	e := failure(err)
	if e.Kind == protocol.Internal {
		slog.Warn("a request failed", "error", e.Message)
	}
	c.f.s.metrics.Response("http", statusText(e.HTTP()))
	body := protocol.AppendError(nil, e.Message)
	b := append(c.store[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(e.HTTP()), 10)
	b = append(append(b, ' '), http.StatusText(e.HTTP())...)
	b = append(append(b, "\r\nDate: "...), *c.f.date.Load()...)
	b = append(b, "\r\nContent-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	if e.Kind == protocol.Unavailable {
		b = append(b, "\r\nRetry-After: 1"...)
	}
	if last {
		b = append(b, "\r\nConnection: close"...)
	}
	return append(append(b, "\r\n\r\n"...), body...)
}

func (c *fastConn) write(b []byte) bool {
	_, err := c.c.Write(b)
	return err == nil
}

// askGone looks whether the client has closed the connection, without reading
// what it may have sent. Only while a request is being computed: nobody reads
// then.
func (c *fastConn) askGone() bool {
	raw, err := c.c.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		gone = err == nil && n == 0 || errors.Is(err, unix.ECONNRESET)
		return true
	})
	return gone || err != nil
}

// waiting says whether bytes have arrived that nobody has read. It goes round
// the lock that a blocked read holds.
func (c *fastConn) waiting() bool {
	raw, err := c.c.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, _ = unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	})
	return err == nil && n > 0
}
