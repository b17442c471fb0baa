package server

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// parting is how long a connection stays after the server has said its last
// word: a few round trips.
const parting = time.Second

// part closes a connection without taking back what was written to it.
//
// A plain close with bytes from the client unread, or still to come, makes the
// kernel send a reset, and a reset makes the client's kernel throw away an answer
// that its program has not read yet. So say that nothing more will come, and
// read, for a moment, until the client has closed as well. Nobody waits for that
// but parted.
func (f *front) part(c net.Conn) {
	f.leaving.Add(1)
	go func() {
		defer f.leaving.Add(-1)
		defer c.Close()
		if w, ok := c.(interface{ CloseWrite() error }); !ok || w.CloseWrite() != nil {
			return
		}
		if c.SetDeadline(time.Now().Add(parting)) == nil {
			io.Copy(io.Discard, struct{ io.Reader }{c}) // the error is the end that is waited for
		}
	}()
}

// parted waits until nobody is parting, or until ctx ends.
func (f *front) parted(ctx context.Context) {
	for f.leaving.Load() > 0 && ctx.Err() == nil {
		sleep(ctx, look)
	}
}

// A handed connection is one that net/http serves. Some of its bytes may have
// been read already.
type handed struct {
	net.Conn
	f      *front
	read   []byte
	closed atomic.Bool
	once   sync.Once
}

func (f *front) hand(c net.Conn, read []byte) *handed {
	f.handed.Add(1)
	return &handed{Conn: c, f: f, read: append([]byte(nil), read...)}
}

// Read implements net.Conn.
func (h *handed) Read(p []byte) (int, error) {
	if len(h.read) > 0 {
		n := copy(p, h.read)
		h.read = h.read[n:]
		return n, nil
	}
	n, err := h.Conn.Read(p)
	if h.closed.Load() { // these bytes came too late
		return 0, net.ErrClosed
	}
	return n, err
}

// Close implements net.Conn.
func (h *handed) Close() error {
	h.once.Do(func() {
		h.closed.Store(true)
		h.f.part(h.Conn)
		h.f.handed.Add(-1)
	})
	return nil
}
