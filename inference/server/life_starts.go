package server

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A starts is gRPC's listener. It counts the connections that gRPC has accepted
// and not yet begun to serve, because a graceful stop closes those without a
// word.
type starts struct {
	net.Listener
	pending atomic.Int64
}

// Accept implements net.Listener.
func (s *starts) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	s.pending.Add(1)
	return &start{Conn: c, begin: sync.OnceFunc(func() { s.pending.Add(-1) })}, nil
}

// wait returns when gRPC has begun with every connection that it accepted, or
// when ctx ends.
func (s *starts) wait(ctx context.Context) {
	for s.pending.Load() > 0 && ctx.Err() == nil {
		sleep(ctx, look)
	}
}

// A start is a connection of gRPC, which begins with one, after asking itself
// whether it is stopping, by setting the deadline of the handshake.
type start struct {
	net.Conn
	begin func()
}

// SetDeadline implements net.Conn.
func (s *start) SetDeadline(t time.Time) error {
	s.begin()
	return s.Conn.SetDeadline(t)
}

// Close implements net.Conn.
func (s *start) Close() error {
	s.begin()
	return s.Conn.Close()
}
