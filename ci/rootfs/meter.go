package rootfs

import (
	"context"
	"fmt"
	"hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// meter counts and hashes what passes, and stops at a limit.
type meter struct {
	from  io.Reader
	hash  hash.Hash
	n     int64
	limit int64               // most bytes to give; 0: no such limit
	over  error               // what it means to reach it
	check func(n int64) error // asked after each read; may be nil
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.from.Read(p)
	m.n += int64(n)
	m.hash.Write(p[:n])
	if m.limit > 0 && m.n > m.limit {
		return 0, fmt.Errorf("%w: it has more than the %d bytes that the manifest names", m.over, m.limit)
	}
	if m.check != nil {
		if failed := m.check(m.n); failed != nil {
			return 0, failed
		}
	}
	return n, err
}

// verify compares what passed with what was promised.
func (m *meter) verify(want v1.Hash, form string) error {
	if want.Algorithm != "sha256" {
		return fmt.Errorf("%w: cannot check a digest of kind %q", ErrDigest, want.Algorithm)
	}
	if got := fmt.Sprintf("%x", m.hash.Sum(nil)); got != want.Hex {
		return fmt.Errorf("%w: its %d %s bytes have sha256:%s, the image names %s", ErrDigest, m.n, form, got, want)
	}
	return nil
}

// cancellable ends a read at the next block once the context is done: a slow mirror must not hold a scan for ever.
func cancellable(ctx context.Context, r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, context.Cause(ctx)
		}
		return r.Read(p)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
