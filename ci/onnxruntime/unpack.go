package onnxruntime

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/gzip"
)

// Limits on what an archive unpacks to. The largest has 0.5 GB in 30 entries.
const (
	maxUnpacked = 4 << 30 // bytes
	maxEntries  = 10_000
)

// unpack writes the wanted files of a .tgz, each whole or not at all. A wanted
// name that is no regular file, that comes twice or not at all, or an archive
// larger than the limits, is an error.
func unpack(r io.Reader, wanted map[string]string) error {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("unpack the archive: %w", err)
	}
	plain := &io.LimitedReader{R: zr, N: maxUnpacked}
	missing := maps.Clone(wanted)
	tr := tar.NewReader(plain)
	for entries := 1; ; entries++ {
		h, err := tr.Next()
		switch {
		case err == io.EOF && len(missing) > 0:
			return fmt.Errorf("unpack the archive: it has no %q", slices.Sorted(maps.Keys(missing)))
		case err == io.EOF:
			return nil
		case err != nil && plain.N == 0:
			return fmt.Errorf("unpack the archive: it is larger than %d bytes", int64(maxUnpacked))
		case err != nil:
			return fmt.Errorf("unpack the archive: %w", err)
		case entries > maxEntries:
			return fmt.Errorf("unpack the archive: it has more than %d entries", maxEntries)
		}
		name := path.Clean(h.Name)
		file, ok := wanted[name]
		if !ok {
			continue
		}
		if _, ok := missing[name]; !ok || h.Typeflag != tar.TypeReg {
			return fmt.Errorf("unpack the archive: %s is not one regular file", name)
		}
		delete(missing, name)
		if err := write(file, tr); err != nil {
			return fmt.Errorf("unpack %s: %w", name, err)
		}
	}
}

func write(file string, r io.Reader) (err error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := renameio.NewPendingFile(file, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Cleanup()) }()
	if _, err := io.Copy(f, r); err != nil {
		return err
	}
	return f.CloseAtomicallyReplace()
}
