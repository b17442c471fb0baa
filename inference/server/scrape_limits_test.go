package server_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

// TestSlowScrapersAreCutOff connects to the metrics' port and says little.
func TestSlowScrapersAreCutOff(t *testing.T) {
	l := run(t, func(o *options) { o.BodyTimeout, o.IdleTimeout = 300*time.Millisecond, 300*time.Millisecond })
	for name, said := range map[string]string{
		"half a request": "POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n",
		"idle":           "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		c, err := net.Dial("tcp", strings.TrimPrefix(l.scrape, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, said)
		c.SetDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays open", name)
		}
	}
}
