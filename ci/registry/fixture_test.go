package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// A fault answers a request in the registry's place and says that it did.
type fault func(w http.ResponseWriter, r *http.Request) bool

// world is go-containerregistry's registry behind faults, and a client of it.
type world struct {
	host   string
	client *Client
	inner  http.Handler

	mu    sync.Mutex
	fault fault
	asked []string // "PUT /v2/app/manifests/main"
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{inner: registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.host = strings.TrimPrefix(server.URL, "http://")
	w.client = newClient(t, Config{})
	return w
}

func newClient(t *testing.T, c Config) *Client {
	t.Helper()
	if c.Attempts == 0 {
		c.Attempts = 4
	}
	if c.Cache == "" {
		c.Cache = t.TempDir()
	}
	c.Wait = time.Millisecond
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (w *world) serve(rw http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.URL.Path)
	f := w.fault
	w.mu.Unlock()
	if f == nil || !f(rw, r) {
		w.inner.ServeHTTP(rw, r)
	}
}

// fails sets the fault; nil is none.
func (w *world) fails(f fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fault = f
}

// count is how many requests had the prefix since the last forget.
func (w *world) count(prefix string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, a := range w.asked {
		if strings.HasPrefix(a, prefix) {
			n++
		}
	}
	return n
}

func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asked = nil
}

func (w *world) repo(t *testing.T) name.Repository {
	t.Helper()
	repo, err := name.NewRepository(w.host+"/mlfleet/inference", name.StrictValidation)
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// push pushes an image of two layers while nothing fails.
func (w *world) push(t *testing.T, tags ...string) (v1.Image, name.Digest) {
	t.Helper()
	img := randomImage(t)
	digest, err := w.client.Push(t.Context(), w.repo(t), img, tags...)
	if err != nil {
		t.Fatal(err)
	}
	return img, digest
}

func randomImage(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(200_000, 2)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// whole pulls an image with a new cache and reads every byte of it.
func (w *world) whole(t *testing.T, ref name.Digest) {
	t.Helper()
	img, err := newClient(t, Config{}).Image(t.Context(), ref, v1.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	if err := read(img); err != nil {
		t.Errorf("what the registry has is not whole: %v", err)
	}
}

// read reads every layer of an image, compressed and not, and compares each
// with what the manifest and the config call it.
func read(img v1.Image) error {
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for i, l := range layers {
		for what, open := range map[string]struct {
			body func() (io.ReadCloser, error)
			hash func() (v1.Hash, error)
		}{"digest": {l.Compressed, l.Digest}, "diff ID": {l.Uncompressed, l.DiffID}} {
			want, err := open.hash()
			if err != nil {
				return err
			}
			body, err := open.body()
			if err != nil {
				return err
			}
			got, _, err := v1.SHA256(body)
			if err := errors.Join(err, body.Close()); err != nil {
				return err
			}
			if got != want {
				return fmt.Errorf("layer %d has the %s %s, want %s", i+1, what, got, want)
			}
		}
	}
	return nil
}

// times fails the first n requests that match with f.
func times(n int, match string, f fault) fault {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) bool {
		mu.Lock()
		hit := n > 0 && strings.Contains(r.Method+" "+r.URL.Path, match)
		if hit {
			n--
		}
		mu.Unlock()
		return hit && f(w, r)
	}
}

// status answers with a code.
func status(code int) fault {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(code)
		return true
	}
}

// cut reads a little of the request and hangs up.
func cut(_ http.ResponseWriter, r *http.Request) bool {
	io.CopyN(io.Discard, r.Body, 1000) // it is about to hang up anyway
	panic(http.ErrAbortHandler)
}

// changed serves what the registry has, changed.
func (w *world) changed(match string, change func(body []byte) []byte) fault {
	return func(rw http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, match) {
			return false
		}
		a := ask(w.inner, r)
		body := change(bytes.Clone(a.body.Bytes()))
		a.body.Reset()
		a.body.Write(body)
		a.header.Set("Content-Length", fmt.Sprint(len(body)))
		a.pass(rw)
		return true
	}
}

// wantError fails unless the error has every text.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; one with %q is due", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q:\n%v", text, err)
		}
	}
}

// attempts is how often an *Error says that something was tried.
func attempts(t *testing.T, err error) int {
	t.Helper()
	var failed *Error
	if !errors.As(err, &failed) {
		t.Fatalf("%v is no *Error", err)
	}
	return failed.Attempts
}
