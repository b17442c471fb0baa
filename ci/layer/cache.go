package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/renameio/v2"
	"github.com/klauspost/compress/gzip"
)

// A Key names the contents of a layer: two layers with one key are the same.
type Key [sha256.Size]byte

// KeyOf is the key of a layer that is a function of the parts, in this order.
// The first part says by which recipe; change it when the recipe changes.
func KeyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		// The length keeps ("ab", "c") and ("a", "bc") apart.
		fmt.Fprintf(h, "%d:%s,", len(p), p)
	}
	return Key(h.Sum(nil))
}

// A Cache holds finished layers in a folder, by key. Many processes may use one
// folder at a time: every file is written whole or not at all, and all that
// write one write the same.
type Cache struct {
	dir     string
	written atomic.Int64
}

// NewCache is the cache in a folder, which is made when the first layer is.
func NewCache(dir string) *Cache { return &Cache{dir: dir} }

// Written is how many layers were built because the folder did not have them.
func (c *Cache) Written() int { return int(c.written.Load()) }

// Layer gives the layer with a key, from the folder where it is there and
// unharmed, and otherwise from tree, compressed with gzip.
func (c *Cache) Layer(key Key, tree func() (Tree, error)) (v1.Layer, error) {
	base := filepath.Join(c.dir, hex.EncodeToString(key[:]))
	if l, err := load(base); err == nil {
		return l, nil
	}
	t, err := tree()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, fmt.Errorf("make the layer cache: %w", err)
	}
	if err := write(base, t); err != nil {
		return nil, fmt.Errorf("write a layer into the cache %s: %w", c.dir, err)
	}
	c.written.Add(1)
	return load(base)
}

// write writes the layer first and what is known about it after, so that
// whoever finds the second finds the first.
func write(base string, t Tree) error {
	file, err := renameio.NewPendingFile(base+".tar.gz", renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer file.Cleanup() //nolint:errcheck // after CloseAtomicallyReplace there is nothing left to clean
	compressed, plain := sha256.New(), sha256.New()
	zw, err := gzip.NewWriterLevel(io.MultiWriter(file, compressed), gzip.DefaultCompression)
	if err != nil {
		return err
	}
	if err := t.Write(io.MultiWriter(zw, plain)); err != nil {
		return err
	}
	if err := zw.Close(); err != nil {
		return err
	}
	size, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if err := file.CloseAtomicallyReplace(); err != nil {
		return err
	}
	known := facts{Digest: hash(compressed.Sum(nil)), DiffID: hash(plain.Sum(nil)), Size: size}
	known.Sum = known.sum(base)
	facts, err := json.Marshal(known)
	if err != nil {
		return err
	}
	return renameio.WriteFile(base+".json", facts, 0o644)
}

func hash(sum []byte) v1.Hash { return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum)} }

// facts is what a manifest says about a layer.
type facts struct {
	Digest v1.Hash `json:"digest"`
	DiffID v1.Hash `json:"diffID"`
	Size   int64   `json:"size"` // compressed, bytes
	Sum    string  `json:"sum"`  // of the others and the key: nothing else tells a wrong diff ID before a container fails to start
}

func (f facts) sum(base string) string {
	key := KeyOf(filepath.Base(base), f.Digest.String(), f.DiffID.String(), strconv.FormatInt(f.Size, 10))
	return hex.EncodeToString(key[:])
}

// file is a layer in a cache's folder.
type file struct {
	facts
	path string
}

var errHarmed = errors.New("the file is not what was written")

// load finds a layer, and reads it once to see that it is still what was
// written: a flipped bit must not become a push that the registry refuses.
func load(base string) (v1.Layer, error) {
	raw, err := os.ReadFile(base + ".json")
	if err != nil {
		return nil, err
	}
	l := &file{path: base + ".tar.gz"}
	if err := json.Unmarshal(raw, &l.facts); err != nil {
		return nil, err
	}
	if l.facts.Sum != l.facts.sum(base) {
		return nil, fmt.Errorf("%s.json: %w", base, errHarmed)
	}
	r, err := os.Open(l.path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	got, size, err := v1.SHA256(r)
	if err != nil {
		return nil, err
	}
	if got != l.facts.Digest || size != l.facts.Size {
		return nil, fmt.Errorf("%s: %w", l.path, errHarmed)
	}
	return l, nil
}

func (l *file) Digest() (v1.Hash, error)             { return l.facts.Digest, nil }
func (l *file) DiffID() (v1.Hash, error)             { return l.facts.DiffID, nil }
func (l *file) Size() (int64, error)                 { return l.facts.Size, nil }
func (l *file) MediaType() (types.MediaType, error)  { return types.OCILayer, nil }
func (l *file) Compressed() (io.ReadCloser, error)   { return os.Open(l.path) }
func (l *file) Uncompressed() (io.ReadCloser, error) { return open(l.path) }

// open reads a compressed file plain.
func open(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return unzipped{zr, f}, nil
}

type unzipped struct {
	*gzip.Reader
	file fs.File
}

func (u unzipped) Close() error { return errors.Join(u.Reader.Close(), u.file.Close()) }
