package registry

import (
	"bytes"
	"maps"
	"net/http"
)

// answer holds back what a handler answers, until it is known to be true.
type answer struct {
	code   int
	header http.Header
	body   bytes.Buffer
}

// ask has a handler answer a request into memory.
func ask(h http.Handler, r *http.Request) *answer {
	a := &answer{code: http.StatusOK, header: http.Header{}}
	h.ServeHTTP(a, r)
	return a
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(code int)        { a.code = code }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// pass hands the answer on.
func (a *answer) pass(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.WriteHeader(a.code)
	w.Write(a.body.Bytes()) //nolint:errcheck // who is gone needs no answer
}
