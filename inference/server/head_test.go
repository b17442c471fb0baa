package server

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// inferHead is a head of the fast path, with more headers if wanted.
func inferHead(headers ...string) string {
	return "POST /v2/models/m/infer HTTP/1.1\r\n" + strings.Join(append([]string{"Host: h"}, headers...), "\r\n") + "\r\n\r\n"
}

func TestParseHeadReadsAPlainRequest(t *testing.T) {
	for _, tc := range []struct {
		name, in, model, version string
		length, json             int
	}{
		{"shortest", inferHead("Content-Length: 2"), "m", "", 2, -1},
		{"no body", inferHead("Content-Length: 0"), "m", "", 0, -1},
		{"version", strings.Replace(inferHead("Content-Length: 7"), "/m/", "/m-1.b_/versions/20/", 1), "m-1.b_", "20", 7, -1},
		{"binary extension", inferHead("content-length: 40", "INFERENCE-HEADER-CONTENT-LENGTH: 30"), "m", "", 40, 30},
		{"what clients add", inferHead("User-Agent: curl/8.0 (x; y)", "Accept: */*", "Connection: Keep-Alive",
			"Content-Type: application/json", "Content-Length: 2", "X-Empty: "), "m", "", 2, -1},
	} {
		h, ok := parseHead([]byte(tc.in + "body and the next request"))
		if !ok {
			t.Errorf("%s: not taken", tc.name)
			continue
		}
		if string(h.model) != tc.model || string(h.version) != tc.version || h.length != tc.length || h.json != tc.json || h.size != len(tc.in) {
			t.Errorf("%s: got model %q version %q length %d json %d size %d", tc.name, h.model, h.version, h.length, h.json, h.size)
		}
	}
}

// unusual are heads that only net/http may judge.
var unusual = map[string]string{
	"chunked":                      inferHead("Transfer-Encoding: chunked"),
	"chunked and a length":         inferHead("Content-Length: 2", "Transfer-Encoding: chunked"),
	"two codings":                  inferHead("Content-Length: 2", "Transfer-Encoding: gzip, chunked"),
	"no length":                    inferHead(),
	"two lengths":                  inferHead("Content-Length: 2", "Content-Length: 2"),
	"two differing lengths":        inferHead("Content-Length: 2", "content-length: 3"),
	"a list of lengths":            inferHead("Content-Length: 2, 2"),
	"signed length":                inferHead("Content-Length: +2"),
	"negative length":              inferHead("Content-Length: -2"),
	"length with a leading zero":   inferHead("Content-Length: 02"),
	"hexadecimal length":           inferHead("Content-Length: 0x2"),
	"length of ten digits":         inferHead("Content-Length: 4294967298"),
	"length beyond 64 bits":        inferHead("Content-Length: 18446744073709551618"),
	"length and space":             inferHead("Content-Length: 2 "),
	"length after a tab":           inferHead("Content-Length:\t2"),
	"length after two spaces":      inferHead("Content-Length:  2"),
	"empty length":                 inferHead("Content-Length: "),
	"space before the colon":       inferHead("Content-Length : 2"),
	"folded line":                  inferHead("Content-Length: 2", " 3"),
	"folded line with a tab":       inferHead("X-A: b", "\tc", "Content-Length: 2"),
	"line without a colon":         inferHead("Content-Length: 2", "chunked"),
	"empty name":                   inferHead("Content-Length: 2", ": chunked"),
	"underscore in a name":         inferHead("Content_Length: 3", "Content-Length: 2"),
	"NUL in a value":               inferHead("Content-Length: 2", "X-A: b\x00c"),
	"NUL in a name":                inferHead("Content-Length: 2", "X-\x00A: bc"),
	"byte above ASCII":             inferHead("Content-Length: 2", "X-A: \xe9"),
	"bare LF in a value":           inferHead("Content-Length: 2", "X-A: b\nContent-Length: 3"),
	"bare CR in a value":           inferHead("Content-Length: 2", "X-A: b\rContent-Length: 3"),
	"lines that end in LF":         strings.ReplaceAll(inferHead("Content-Length: 2"), "\r\n", "\n"),
	"Expect":                       inferHead("Content-Length: 2", "Expect: 100-continue"),
	"Upgrade":                      inferHead("Content-Length: 2", "Upgrade: h2c"),
	"Connection: close":            inferHead("Content-Length: 2", "Connection: close"),
	"Connection names a header":    inferHead("Content-Length: 2", "Connection: keep-alive, content-length"),
	"content coding":               inferHead("Content-Length: 2", "Content-Encoding: gzip"),
	"trailer":                      inferHead("Content-Length: 2", "Trailer: X-A"),
	"TE":                           inferHead("Content-Length: 2", "TE: trailers"),
	"priority":                     inferHead("Content-Length: 2", "Inference-Priority: high"),
	"timeout":                      inferHead("Content-Length: 2", "Inference-Timeout: 1s"),
	"two JSON lengths":             inferHead("Content-Length: 2", "Inference-Header-Content-Length: 1", "Inference-Header-Content-Length: 1"),
	"signed JSON length":           inferHead("Content-Length: 2", "Inference-Header-Content-Length: +1"),
	"no Host":                      strings.Replace(inferHead("Content-Length: 2"), "Host: h\r\n", "", 1),
	"two Hosts":                    inferHead("Host: other", "Content-Length: 2"),
	"Host with a space":            strings.Replace(inferHead("Content-Length: 2"), "Host: h", "Host: h h", 1),
	"HTTP/1.0":                     strings.Replace(inferHead("Content-Length: 2"), "HTTP/1.1", "HTTP/1.0", 1),
	"HTTP/1.10":                    strings.Replace(inferHead("Content-Length: 2"), "HTTP/1.1", "HTTP/1.10", 1),
	"HTTP/2.0":                     strings.Replace(inferHead("Content-Length: 2"), "HTTP/1.1", "HTTP/2.0", 1),
	"no version":                   strings.Replace(inferHead("Content-Length: 2"), " HTTP/1.1", "", 1),
	"absolute target":              strings.Replace(inferHead("Content-Length: 2"), "/v2", "http://h/v2", 1),
	"query":                        strings.Replace(inferHead("Content-Length: 2"), "/infer", "/infer?a=b", 1),
	"percent in the path":          strings.Replace(inferHead("Content-Length: 2"), "/m/", "/%6d/", 1),
	"dots in the path":             strings.Replace(inferHead("Content-Length: 2"), "/m/", "/../", 1),
	"empty model":                  strings.Replace(inferHead("Content-Length: 2"), "/m/", "//", 1),
	"empty version":                strings.Replace(inferHead("Content-Length: 2"), "/m/", "/m/versions//", 1),
	"two versions":                 strings.Replace(inferHead("Content-Length: 2"), "/m/", "/m/versions/1/versions/2/", 1),
	"two spaces in the first line": strings.Replace(inferHead("Content-Length: 2"), "POST ", "POST  ", 1),
	"tab in the first line":        strings.Replace(inferHead("Content-Length: 2"), "POST ", "POST\t", 1),
	"lower case method":            strings.Replace(inferHead("Content-Length: 2"), "POST", "post", 1),
	"another method":               strings.Replace(inferHead("Content-Length: 2"), "POST", "GET", 1),
	"no model":                     strings.Replace(inferHead("Content-Length: 2"), "/m/", "/", 1),
	"empty line first":             "\r\n" + inferHead("Content-Length: 2"),
	"another path":                 strings.Replace(inferHead("Content-Length: 2"), "/infer", "/ready", 1),
	"the end is missing":           strings.TrimSuffix(inferHead("Content-Length: 2"), "\n"),
	"nothing":                      "",
}

func TestParseHeadLeavesTheUnusualToNetHTTP(t *testing.T) {
	for name, in := range unusual {
		if h, ok := parseHead([]byte(in)); ok {
			t.Errorf("%s: taken as %+v", name, h)
		}
	}
}

// FuzzParseHead holds the fast path against net/http: what it takes for a
// request must be the same request, of the same length, to net/http.
func FuzzParseHead(f *testing.F) {
	f.Add([]byte(inferHead("Content-Length: 2") + "{}"))
	f.Add([]byte(inferHead("Content-Length: 5", "Inference-Header-Content-Length: 2") + "{}abcPOST "))
	f.Add([]byte(strings.Replace(inferHead("Content-Length: 2", "Connection: keep-alive"), "/m/", "/m/versions/1/", 1)))
	for _, in := range unusual {
		f.Add([]byte(in + "{}"))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, ok := parseHead(b)
		if !ok {
			return
		}
		source := bytes.NewReader(b)
		buffered := bufio.NewReader(source)
		r, err := http.ReadRequest(buffered)
		if err != nil {
			t.Fatalf("taken, but net/http says %v", err)
		}
		path := "/v2/models/" + string(h.model)
		if len(h.version) > 0 {
			path += "/versions/" + string(h.version)
		}
		json := ""
		if h.json >= 0 {
			json = strconv.Itoa(h.json)
		}
		switch {
		case r.Method != "POST" || r.RequestURI != path+"/infer" || r.URL.Path != r.RequestURI || r.Proto != "HTTP/1.1":
			t.Fatalf("net/http sees %s %s %s, want POST %s/infer", r.Method, r.RequestURI, r.Proto, path)
		case r.ContentLength != int64(h.length) || len(r.TransferEncoding) > 0 || r.Trailer != nil || r.Close:
			t.Fatalf("length %d, net/http sees %d, codings %q, trailers %v, close %v", h.length, r.ContentLength, r.TransferEncoding, r.Trailer, r.Close)
		case r.Header.Get(headerJSONLength) != json || len(r.Header[headerJSONLength]) > 1:
			t.Fatalf("JSON length %d, net/http sees %q", h.json, r.Header[headerJSONLength])
		}
		for _, name := range []string{"Content-Encoding", "Expect", "Upgrade", headerPriority, headerTimeout, "Traceparent"} {
			if r.Header.Values(name) != nil {
				t.Fatalf("taken with the header %s", name)
			}
		}
		body, err := io.ReadAll(r.Body)
		rest := len(b) - h.size
		if want := b[h.size:][:min(h.length, rest)]; !bytes.Equal(body, want) || (err == nil) != (rest >= h.length) {
			t.Fatalf("net/http reads the body %q (%v), want %q", body, err, want)
		}
		if used := len(b) - source.Len() - buffered.Buffered(); used != h.size+len(body) {
			t.Fatalf("net/http used %d bytes, the fast path %d and %d", used, h.size, len(body))
		}
	})
}
