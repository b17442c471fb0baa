package server

import (
	"errors"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A listener tries to end without dropping anybody; with clients that connect
// again and again, a few are still reset in some runs. Closing a listening socket resets
// the connections that the kernel has set up and nobody has accepted yet; to
// their clients that is a failed request. So first the kernel is told to take
// no new connections, then those that wait are accepted, and only then is the
// socket closed.
type listener struct {
	*net.TCPListener
	closing sync.Once
	refused chan struct{} // closed when the kernel takes no more connections
	drained chan struct{} // closed when nobody waits to be accepted
}

// Listen listens on a TCP address.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &listener{TCPListener: l.(*net.TCPListener), refused: make(chan struct{}), drained: make(chan struct{})}, nil
}

// settle is how long a handshake may take that began before the listener
// stopped. It is a guess at a slow round trip inside a region.
const settle = 50 * time.Millisecond

// Stop refuses new connections and returns when those that the kernel had set up
// are accepted, or nobody accepts them. It may be called again.
func (l *listener) Stop() {
	l.closing.Do(func() {
		if dropNew(l.TCPListener) == nil {
			time.Sleep(settle)
		}
		close(l.refused)
		// Wakes Accept up; see there.
		l.TCPListener.SetDeadline(time.Unix(1, 0))
	})
	select {
	case <-l.drained:
	case <-time.After(settle):
	}
	// At once: what the kernel set up from now on would only be reset later.
	l.TCPListener.Close()
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.TCPListener.Accept()
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) {
			return conn, err
		}
		// Stopped. An expired deadline hides connections that wait, so give it
		// an instant in the future, until one passes without a connection.
		l.TCPListener.SetDeadline(time.Now().Add(settle / 10))
		conn, err = l.TCPListener.Accept()
		if err == nil {
			l.TCPListener.SetDeadline(time.Unix(1, 0))
			return conn, nil
		}
		select {
		case <-l.drained:
		default:
			close(l.drained)
		}
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *listener) Close() error {
	l.Stop()
	return nil
}

// dropNew makes the kernel ignore further SYN packets for a listening socket. A
// client whose SYN is ignored sends it again and is then refused, which is an
// honest answer: it was never connected.
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
