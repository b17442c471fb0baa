package processes

import (
	"fmt"
	"net"
)

// FreePorts finds n different TCP ports of the loopback interface that nobody
// listens on. Tests have a network of their own, so nobody else takes them before
// the server does.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free port: %w", err)
		}
		defer l.Close() // all stay open until the last one is found, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
