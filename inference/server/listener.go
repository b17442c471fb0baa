package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A listener ends without dropping anybody.
//
// Closing a listening socket resets the connections that the kernel has set up
// and nobody has accepted yet; to their clients, whose connect has succeeded,
// that is a failed request. So first the kernel is told to take no new
// connections, then those that wait are accepted, to the last, and only then is
// the socket closed.
type listener struct {
	*net.TCPListener
	stopping sync.Once
	empty    sync.Once
	drained  chan struct{} // closed when nobody waits to be accepted
}

// Listen listens on a TCP address; an empty host is every address of the machine,
// IPv4 and IPv6.
//
// It is plain TCP: a Multipath TCP listener, which is Go's default, takes a
// packet filter without an error and does not apply it to its handshakes, and
// the drain depends on that filter.
func Listen(address string) (net.Listener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false)
	l, err := config.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, err
	}
	return &listener{TCPListener: l.(*net.TCPListener), drained: make(chan struct{})}, nil
}

// settle is how long a handshake may take that began before the listener
// stopped: a slow round trip between regions. It costs new clients nothing, for
// they send an ignored SYN again only after a second.
const settle = 200 * time.Millisecond

// Stop refuses new connections and returns when those that the kernel had set up
// are accepted and the socket is closed. Somebody must be accepting meanwhile;
// the end of ctx bounds the wait. It may be called again.
func (l *listener) Stop(ctx context.Context) {
	l.stopping.Do(func() {
		if err := dropNew(l.TCPListener); err != nil {
			slog.Warn("the kernel goes on taking connections while the port closes; a few may be reset", "error", err)
		} else {
			sleep(ctx, settle)
		}
		l.TCPListener.SetDeadline(time.Unix(1, 0)) // wakes Accept up; see there
	})
	select {
	case <-l.drained:
	case <-ctx.Done():
	}
	l.TCPListener.Close()
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.TCPListener.Accept()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		// Stopped. The deadline hides connections that wait, so look for them. As
		// handshakes are over, an empty queue stays empty.
		if !l.waiting() {
			l.empty.Do(func() { close(l.drained) })
			return nil, net.ErrClosed
		}
		l.TCPListener.SetDeadline(time.Now().Add(settle))
	}
}

// Close implements net.Listener. Closing what Stop has closed is not an error.
func (l *listener) Close() error {
	if err := l.TCPListener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// waiting says whether a connection can be accepted now.
func (l *listener) waiting() bool {
	raw, err := l.TCPListener.SyscallConn()
	if err != nil {
		return false
	}
	n := 0
	err = raw.Control(func(fd uintptr) {
		n, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
	})
	return err == nil && n > 0
}

// dropNew makes the kernel ignore further SYN packets for a listening socket,
// and no others: handshakes under way end well. A client whose SYN is ignored
// sends it again and is then refused, which is an honest answer: it was never
// connected.
func dropNew(l *net.TCPListener) error {
	raw, err := l.SyscallConn()
	if err != nil {
		return err
	}
	filter := []unix.SockFilter{ // on the TCP header
		{Code: unix.BPF_LD | unix.BPF_B | unix.BPF_ABS, K: 13},                   // A = flags
		{Code: unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, K: 0x02, Jt: 0, Jf: 1}, // SYN?
		{Code: unix.BPF_RET | unix.BPF_K, K: 0},                                  // drop
		{Code: unix.BPF_RET | unix.BPF_K, K: 0xffffffff},                         // pass
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptSockFprog(int(fd), unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
			&unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
	})
	return errors.Join(err, failed)
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
