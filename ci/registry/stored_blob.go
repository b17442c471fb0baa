package registry

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/renameio/v2"
)

// blobs keeps blobs in a folder, each in a file named by its digest. (That of
// go-containerregistry hashes a blob again for every question about it, and
// leaves half-written files behind.)
type blobs struct {
	dir   string
	mu    sync.Mutex
	sound map[v1.Hash]bool // read whole since the registry was opened, or written
}

func (b *blobs) path(h v1.Hash) string { return filepath.Join(b.dir, h.Algorithm, h.Hex) }

// check reads a blob whole when it is first asked for. One that is not what its
// name says is taken away: the next push then brings it again, where it would
// otherwise find it there for ever, and no pull get it.
func (b *blobs) check(h v1.Hash) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sound[h] {
		return nil
	}
	f, err := os.Open(b.path(h))
	if errors.Is(err, fs.ErrNotExist) {
		return registry.ErrNotFound
	}
	if err != nil {
		return err
	}
	defer f.Close()
	got, _, err := v1.SHA256(f)
	switch {
	case err != nil:
		return err
	case got != h:
		return errors.Join(registry.ErrNotFound, os.Remove(b.path(h)))
	}
	b.trust(h)
	return nil
}

// trust notes a blob as sound; the caller has the lock.
func (b *blobs) trust(h v1.Hash) {
	if b.sound == nil {
		b.sound = map[v1.Hash]bool{}
	}
	b.sound[h] = true
}

func (b *blobs) Stat(_ context.Context, _ string, h v1.Hash) (int64, error) {
	if err := b.check(h); err != nil {
		return 0, err
	}
	info, err := os.Stat(b.path(h))
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (b *blobs) Get(_ context.Context, _ string, h v1.Hash) (io.ReadCloser, error) {
	if err := b.check(h); err != nil {
		return nil, err
	}
	return os.Open(b.path(h))
}

// Put writes what the reader gives, which go-containerregistry has wrapped so
// that it fails when it is not what the digest says.
func (b *blobs) Put(_ context.Context, _ string, h v1.Hash, r io.ReadCloser) error {
	defer r.Close()
	if err := os.MkdirAll(filepath.Dir(b.path(h)), 0o755); err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(b.path(h), renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer f.Cleanup() //nolint:errcheck // after CloseAtomicallyReplace there is nothing left to clean
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trust(h)
	return nil
}

func (b *blobs) Delete(_ context.Context, _ string, h v1.Hash) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.sound, h)
	err := os.Remove(b.path(h))
	if errors.Is(err, fs.ErrNotExist) {
		return registry.ErrNotFound
	}
	return err
}
