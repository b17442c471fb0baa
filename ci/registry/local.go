package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// Local is a registry in this process, on a port of 127.0.0.1 that the kernel
// chose, whose contents stay in a folder.
type Local struct {
	address string
	server  *http.Server
	lock    *os.File
	served  chan error

	requests sync.RWMutex // held for reading while a request is answered
	closed   bool
}

// Open serves the registry in a folder, made when it is not there. A folder is
// served by one process at a time: Open waits for the other to end until the
// context does, and then says which process it is.
func Open(ctx context.Context, dir string) (*Local, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open the local registry: %w", err)
	}
	lock, err := acquire(ctx, filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("open the local registry %s: %w", dir, err)
	}
	l := &Local{lock: lock, served: make(chan error, 1)}
	if err := l.serve(ctx, dir); err != nil {
		return nil, errors.Join(fmt.Errorf("open the local registry %s: %w", dir, err), lock.Close())
	}
	return l, nil
}

func (l *Local) serve(ctx context.Context, dir string) error {
	quiet := log.New(io.Discard, "", 0)
	handler := registry.New(registry.Logger(quiet), registry.WithReferrersSupport(true),
		registry.WithBlobHandler(&blobs{dir: filepath.Join(dir, "blobs")}))
	stored := &manifests{dir: filepath.Join(dir, "manifests"), inner: handler}
	if err := stored.restore(ctx); err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	l.address = listener.Addr().String()
	l.server = &http.Server{Handler: l.unlessClosed(stored), ReadHeaderTimeout: time.Minute, ErrorLog: quiet}
	go func() { l.served <- l.server.Serve(listener) }()
	return nil
}

// Address is the registry's host and port, for references and mirrors.
func (l *Local) Address() string { return l.address }

// unlessClosed keeps a handler from work that nobody waits for.
func (l *Local) unlessClosed(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.requests.RLock()
		defer l.requests.RUnlock()
		if l.closed {
			http.Error(w, "the registry is closed", http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Close stops the registry when the requests under way are answered, or after
// ten seconds, and lets the next process have the folder. (Not with Shutdown,
// which waits five seconds for connections on which nothing was asked yet, and
// clients open those ahead.)
func (l *Local) Close() error {
	idle := make(chan struct{})
	go func() {
		l.requests.Lock()
		defer l.requests.Unlock()
		l.closed = true
		close(idle)
	}()
	var err error
	select {
	case <-idle:
	case <-time.After(10 * time.Second):
		err = errors.New("close the local registry: a request took longer than ten seconds and was cut off")
	}
	err = errors.Join(err, l.server.Close())
	if served := <-l.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, l.lock.Close())
}

// target is the repository and the tag or digest of a manifest's URL.
func target(path string) (repo, reference string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/v2/")
	if !ok {
		return "", "", false
	}
	repo, reference, ok = cutLast(rest, "/manifests/")
	return repo, reference, ok && repository.MatchString(repo) && reference != "" && !strings.Contains(reference, "/")
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
