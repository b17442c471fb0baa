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
	f        *front
	c        *net.TCPConn
	buf      []byte // read and not yet used
	store    []byte // for responses
	infer    protocol.Infer
	gone     func() bool // askGone, made once
	deadline time.Time
	blank    int // line ends that may come before the next request

	state atomic.Int32
}

func newFastConn(f *front, tcp *net.TCPConn) *fastConn {
	c := &fastConn{f: f, c: tcp, buf: make([]byte, 0, headRoom)}
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
	if now := time.Now(); now.Add(c.f.s.opts.IdleTimeout).Sub(c.deadline) > renew {
		c.deadline = now.Add(c.f.s.opts.IdleTimeout)
		c.c.SetDeadline(c.deadline)
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
	if err := s.reserve(int64(h.length)); err != nil {
		c.c.Write(c.refusal(err, true)) // with its body unread, the connection cannot go on
		return partNow
	}
	defer s.free(int64(h.length))
	v, err := s.models.Acquire(string(h.model), string(h.version))
	if err != nil {
		if _, late := c.body(h, nil); late != nil {
			return c.giveUp(late)
		}
		return c.refuse(err)
	}
	defer v.Release()
	call := v.Call()
	defer call.Release()
	body, err := c.body(h, call)
	if err != nil {
		return c.giveUp(err)
	}
	err = c.infer.Decode(body, h.json, v.Signature, call)
	if err == nil {
		err = s.submit(context.Background(), v, call, c.infer.Priority, s.deadline(start, c.infer.Timeout), c.gone)
	}
	last := s.draining.Load() // asked once: what the answer says must come true
	var answer []byte
	if err == nil {
		answer, err = c.answer(last, func(dst []byte) ([]byte, int, error) {
			return c.infer.Encode(dst, v.Model, v.Name, v.Signature, call)
		})
	}
	if err != nil {
		return c.refuse(err)
	}
	how := c.write(answer, last)
	s.metrics.Response("http", "200")
	if m, isMeter := v.Meter().(*metrics.Meter); isMeter {
		m.Served(time.Since(start), call.Waited+call.Computed)
	}
	return how
}

// body returns the request's body, and leaves in c.buf what follows it. With a
// call, the bytes are in memory that lives as long as the call.
func (c *fastConn) body(h head, call *batch.Call) ([]byte, error) {
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
		return into, nil
	}
	c.deadline = time.Now().Add(c.f.s.opts.BodyTimeout)
	c.c.SetDeadline(c.deadline)
	_, err := io.ReadFull(c.c, into[n:])
	return into, err
}

// giveUp ends a connection on which a body did not come whole. Who was only slow
// is told so.
func (c *fastConn) giveUp(err error) ending {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return drop
	}
	c.c.SetDeadline(time.Now().Add(parting))
	return c.write(c.refusal(readError(err), true), true)
}

// refuse answers with an error.
func (c *fastConn) refuse(err error) ending {
	last := c.f.s.draining.Load()
	return c.write(c.refusal(err, last), last)
}

func (c *fastConn) write(b []byte, last bool) ending {
	if _, err := c.c.Write(b); err != nil {
		return drop
	}
	if last {
		return partNow
	}
	return goOn
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
