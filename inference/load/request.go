package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Request makes the bytes of a request that is sent over and over. Headers are
// "Name: value".
func Request(method, host, path string, body []byte, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n", method, path, host, len(body))
	for _, h := range headers {
		fmt.Fprintf(&b, "%s\r\n", h)
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// A conn is one keep-alive connection.
type conn struct {
	address string
	timeout time.Duration
	c       net.Conn
	r       *bufio.Reader
}

// do sends the request and returns the answer's status code. A connection that
// failed is opened anew for the next request.
func (c *conn) do(request []byte) (status int, err error) {
	if c.c == nil {
		if c.c, err = net.DialTimeout("tcp", c.address, c.timeout); err != nil {
			return 0, err
		}
		c.r = bufio.NewReaderSize(c.c, 32<<10)
	}
	if err := c.c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, c.close(err)
	}
	if _, err := c.c.Write(request); err != nil {
		return 0, c.close(err)
	}
	status, last, err := c.readResponse()
	if err != nil {
		return 0, c.close(err)
	}
	if last {
		c.close(nil)
	}
	return status, nil
}

func (c *conn) close(err error) error {
	if c.c != nil {
		c.c.Close()
		c.c = nil
	}
	return err
}

// readResponse reads an answer that has a Content-Length. last says whether
// the server will close the connection.
func (c *conn) readResponse() (status int, last bool, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, false, fmt.Errorf("not an HTTP answer: %.40q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, false, fmt.Errorf("not an HTTP answer: %.40q", line)
	}
	length := -1
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, false, err
		}
		name, value, ok := bytes.Cut(bytes.TrimRight(line, "\r\n"), []byte(": "))
		if !ok {
			break
		}
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, false, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = strings.EqualFold(string(value), "close")
		}
	}
	if length < 0 {
		return 0, false, errors.New("the answer has no Content-Length")
	}
	_, err = c.r.Discard(length)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return status, last, err
}
