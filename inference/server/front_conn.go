package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/metrics"
	"github.com/mlfleet/mlfleet/inference/protocol"
)

// The states of a fast connection.
const (
	idle   int32 = iota // waiting for a request
	active              // reading, computing or answering one
	closed              // by stop
)

// A fastConn is a connection on which only plain inference requests have come.
type fastConn struct {
	f       *front
	c       *net.TCPConn
	buf     []byte      // read and not yet used
	gone    func() bool // askGone, made once
	now     time.Time   // when the connection was made, or its last request ended
	readBy  time.Time   // the deadlines that the connection has
	writeBy time.Time
	blank   int // line ends that may come before the next request

	state atomic.Int32
}

func newFastConn(f *front, tcp *net.TCPConn) *fastConn {
	c := &fastConn{f: f, c: tcp, buf: make([]byte, 0, headRoom), now: time.Now()}
	c.gone = c.askGone
	return c
}

// The ways in which serving a connection ends.
type ending int

const (
	goOn    ending = iota // not at all
	partNow               // when the client has read the last answer
	drop                  // the client is gone, or too slow
)

func (c *fastConn) serve() {
	how := drop
	defer func() {
		if p := recover(); p != nil {
			slog.Error("the fast path panicked", "panic", p, "stack", string(debug.Stack()))
		}
		c.f.mu.Lock()
		delete(c.f.conns, c)
		c.f.mu.Unlock()
		switch how {
		case partNow:
			c.f.part(c.c)
		case drop:
			c.c.Close()
		}
	}()
	for how = goOn; how == goOn; {
		if how = c.await(); how != goOn {
			return
		}
		h, ok := parseHead(c.buf)
		if !ok || h.length > c.f.largest {
			c.f.handOver(c.c, c.buf)
			return // as goOn: the connection is net/http's
		}
		how = drop // if exchange panics
		how = c.exchange(h)
		c.blank = 4
		c.state.Store(idle)
	}
}

// await reads until there is something.
func (c *fastConn) await() ending {
	if by := c.now.Add(c.f.s.opts.IdleTimeout); stale(c.readBy, by, c.f.s.opts.IdleTimeout) {
		c.readBy = by
		c.c.SetReadDeadline(by)
	}
	c.skipBlank()
	for len(c.buf) == 0 {
		n, err := c.c.Read(c.buf[:cap(c.buf)])
		if c.state.Load() == closed {
			return partNow
		}
		if err != nil || n == 0 {
			return drop
		}
		c.buf = c.buf[:n]
		c.skipBlank()
	}
	c.blank = 0
	if !c.state.CompareAndSwap(idle, active) {
		return partNow
	}
	return goOn
}

// stale says whether a deadline is so far from what it should be that it must be
// set again.
func stale(is, should time.Time, timeout time.Duration) bool {
	return should.Sub(is) > min(renew, timeout/2)
}

// skipBlank leaves out the line ends that some clients send after a body,
// as many as net/http would; handed over, it would not know what came before.
func (c *fastConn) skipBlank() {
	n := 0
	for n < min(c.blank, len(c.buf)) && (c.buf[n] == '\r' || c.buf[n] == '\n') {
		n++
	}
	if n > 0 {
		c.blank -= n
		c.buf = c.buf[:copy(c.buf, c.buf[n:])]
	}
}

// exchange serves one request and says how the connection goes on.
func (c *fastConn) exchange(h head) ending {
	s, start := c.f.s, time.Now()
	s.metrics.InFlight.Inc()
	defer s.metrics.InFlight.Dec()
	x := getScratch()
	defer x.put()
	v, err := s.models.Acquire(string(h.model), string(h.version))
	if err != nil {
		if late := c.skip(h); late != nil {
			return c.giveUp(x, late)
		}
		return c.refuse(x, err)
	}
	defer v.Release()
	call := v.Call()
	defer call.Release()
	held, err := c.body(h, call)
	defer s.free(held)
	if err != nil {
		return c.giveUp(x, err)
	}
	err = x.infer.Decode(call.Body, h.json, v.Signature, call)
	if err == nil {
		err = s.submit(context.Background(), v, call, x.infer.Priority, s.deadline(start, x.infer.Timeout), c.gone)
	}
	last := s.draining.Load() // asked once: what the answer says must come true
	var answer []byte
	if err == nil {
		answer, err = c.answer(x, v, call, last)
	}
	if err != nil {
		return c.refuse(x, err)
	}
	how := c.write(answer, last)
	s.metrics.Response("http", "200")
	c.now = time.Now()
	if m, isMeter := v.Meter().(*metrics.Meter); isMeter {
		m.Served(c.now.Sub(start), call.Waited+call.Computed)
	}
	return how
}

// body reads the request's body into memory that lives as long as the call, and
// leaves in c.buf what follows it. held is how many bytes are reserved, also on an
// error: those that have come, whatever the head announces.
func (c *fastConn) body(h head, call *batch.Call) (held int64, err error) {
	into, n := call.Body[:0], min(h.length, len(c.buf)-h.size)
	if err := c.f.s.reserve(int64(n)); err != nil {
		return 0, err
	}
	held = int64(n)
	into = append(into, c.buf[h.size:h.size+n]...)
	call.Body = into
	c.drop(h.size + n)
	if n == h.length {
		return held, nil
	}
	c.awaitBody()
	for len(into) < h.length {
		if len(into) == cap(into) {
			into = slices.Grow(into, min(h.length-len(into), max(len(into), headRoom))) // doubles
		}
		n, err := c.c.Read(into[len(into):min(cap(into), h.length)])
		if n > 0 {
			if err := c.f.s.reserve(int64(n)); err != nil {
				return held, err
			}
			held += int64(n)
			into = into[:len(into)+n]
			call.Body = into
		}
		if err != nil {
			return held, err
		}
	}
	return held, nil
}

// skip reads over the body of a request that nobody will serve.
func (c *fastConn) skip(h head) error {
	n := min(h.length, len(c.buf)-h.size)
	c.drop(h.size + n)
	if n == h.length {
		return nil
	}
	c.awaitBody()
	_, err := io.CopyN(io.Discard, struct{ io.Reader }{c.c}, int64(h.length-n))
	return err
}

// drop forgets the first n bytes of c.buf; what is left is the next request.
func (c *fastConn) drop(n int) { c.buf = c.buf[:copy(c.buf, c.buf[n:])] }

// awaitBody gives the rest of a body its time to arrive. Nobody reads after it
// but await, which has its own deadline.
func (c *fastConn) awaitBody() {
	c.readBy = time.Now().Add(c.f.s.opts.BodyTimeout)
	c.c.SetReadDeadline(c.readBy)
}

// giveUp ends a connection on which a body did not come whole. Who is still there
// is told why.
func (c *fastConn) giveUp(x *scratch, err error) ending {
	var refused *protocol.Error
	switch {
	case errors.As(err, &refused):
		return c.write(c.refusal(x, err, true), true)
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return drop
	}
	c.writeBy = time.Now().Add(parting)
	c.c.SetWriteDeadline(c.writeBy)
	c.c.Write(c.refusal(x, readError(err), true))
	return partNow
}

// refuse answers with an error.
func (c *fastConn) refuse(x *scratch, err error) ending {
	last := c.f.s.draining.Load()
	how := c.write(c.refusal(x, err, last), last)
	c.now = time.Now()
	return how
}

// write sends an answer, which has its own time to be taken: the request may have
// been computed for longer than any body may take to arrive.
func (c *fastConn) write(b []byte, last bool) ending {
	if by := time.Now().Add(c.f.s.opts.BodyTimeout); stale(c.writeBy, by, c.f.s.opts.BodyTimeout) {
		c.writeBy = by
		c.c.SetWriteDeadline(by)
	}
	if _, err := c.c.Write(b); err != nil {
		return drop
	}
	if last {
		return partNow
	}
	return goOn
}

// askGone looks whether the client has closed the connection, without reading
// what it may have sent. It may be asked late, about a call whose deadline has
// passed, when the connection waits for its next request already: so it must not
// wait for whoever reads, as the Read of a raw connection would.
func (c *fastConn) askGone() bool {
	raw, err := c.c.SyscallConn()
	if err != nil {
		return true
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		gone = err == nil && n == 0 || errors.Is(err, unix.ECONNRESET)
	})
	return gone || err != nil
}
