package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// Client speaks HTTP with what listens in the container: http://127.0.0.1:8000
// is port 8000 there. Connections are not kept: a server that drains waits for
// the idle ones of its clients.
func (c *Container) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: c.Dial, DisableKeepAlives: true}}
}

// Dial connects to an IPv4 address and TCP port in the container's network.
func (c *Container) Dial(ctx context.Context, _, address string) (net.Conn, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Is4() {
		return nil, fmt.Errorf("dial %s in the container: want an IPv4 address and a port", address)
	}
	type dialed struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialed, 1)
	go func() {
		// The thread enters the container's network and is never unlocked, so the
		// runtime ends it with this goroutine: no other one can get to run in there.
		runtime.LockOSThread()
		conn, err := c.dial(to)
		done <- dialed{conn, err}
	}()
	select {
	case d := <-done:
		if d.err != nil {
			return nil, fmt.Errorf("dial %s in the container: %w", address, d.err)
		}
		return d.conn, nil
	case <-ctx.Done():
		go func() {
			if d := <-done; d.conn != nil {
				d.conn.Close() //nolint:errcheck // nobody wants it any more
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// dial makes a socket in the container's network; it stays there, whichever
// thread uses it later.
func (c *Container) dial(to netip.AddrPort) (conn net.Conn, err error) {
	select {
	case <-c.exited: // its number may be another process's by now
		return nil, errors.New("the container has ended")
	default:
	}
	network, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.pid))
	if err != nil {
		return nil, err
	}
	defer network.Close()
	if err := unix.Setns(int(network.Fd()), unix.CLONE_NEWNET); err != nil {
		return nil, fmt.Errorf("enter its network: %w", err)
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	socket := os.NewFile(uintptr(fd), "socket")
	defer func() { err = errors.Join(err, socket.Close()) }()
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return nil, err
	}
	return net.FileConn(socket)
}
