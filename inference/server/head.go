package server

import (
	"bytes"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
)

// A head is the head of an inference request as the fast path understands it.
type head struct {
	model, version []byte // version is empty if the path names none
	length         int    // of the body
	json           int    // of its JSON; -1 if all of it is
	size           int    // of the head itself, with the empty line
}

var (
	crlf        = []byte("\r\n")
	inferPrefix = []byte("POST /v2/models/")
	inferSuffix = []byte("/infer HTTP/1.1")
	versions    = []byte("/versions/")
)

// parseHead reads the head of a plain inference request. It answers false for
// everything else: another path, a head that is not all there, and any header
// with a say in how the message is framed or handled. Those go to net/http,
// which knows all of HTTP; this knows one request, and must never take a message
// to end elsewhere than net/http would.
func parseHead(b []byte) (h head, ok bool) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 || !bytes.HasPrefix(b, inferPrefix) {
		return h, false
	}
	h.size, h.length, h.json = end+4, -1, -1
	line, rest, _ := bytes.Cut(b[:end+2], crlf)
	if !h.parsePath(line) {
		return h, false
	}
	host := false
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, crlf)
		name, value, found := bytes.Cut(line, []byte(": "))
		if !found || !token(name) || !plain(value) {
			return h, false
		}
		switch {
		case fold(name, "host"):
			if host || !authority(value) {
				return h, false
			}
			host = true
		case fold(name, "content-length"):
			if h.length >= 0 {
				return h, false
			}
			if h.length, ok = decimal(value); !ok {
				return h, false
			}
		case fold(name, "inference-header-content-length"):
			if h.json >= 0 {
				return h, false
			}
			if h.json, ok = decimal(value); !ok {
				return h, false
			}
		case fold(name, "connection"):
			if !fold(value, "keep-alive") {
				return h, false
			}
		case special(name):
			return h, false
		}
	}
	return h, host && h.length >= 0
}

func (h *head) parsePath(line []byte) bool {
	path, ok := bytes.CutSuffix(line[len(inferPrefix)-1:], inferSuffix) // the slash between them may be one
	if !ok || len(path) == 0 {
		return false
	}
	h.model, h.version, ok = bytes.Cut(path[1:], versions)
	return modelconfig.ValidName(string(h.model)) && (!ok || modelconfig.ValidName(string(h.version)))
}

// special says whether a header is one that only net/http, or the slow path
// behind it, handles.
func special(name []byte) bool {
	for _, s := range []string{
		"transfer-encoding", "content-encoding", "expect", "upgrade", "te", "trailer", "proxy-connection", "keep-alive",
		"http2-settings", "inference-priority", "inference-timeout", "traceparent",
	} {
		if fold(name, s) {
			return true
		}
	}
	return false
}

// fold compares without regard to case; lower is lower case ASCII.
func fold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}

// decimal reads a length of at most nine digits and nothing else: no sign, and
// no leading zero.
func decimal(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 9 || b[0] == '0' && len(b) > 1 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// token says whether a header's name is made of letters, digits and dashes, as
// all that are in use are.
func token(b []byte) bool {
	for _, c := range b {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-') {
			return false
		}
	}
	return len(b) > 0
}

// authority says whether a Host header's value is made of what host names,
// addresses and ports are made of. net/http refuses a request with another one.
func authority(b []byte) bool {
	for _, c := range b {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || bytes.IndexByte([]byte("-._:[]"), c) >= 0) {
			return false
		}
	}
	return true
}

// plain says whether a header's value is printable ASCII without white space at
// its ends.
func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) == 0 || b[0] != ' ' && b[len(b)-1] != ' '
}
