package rootfs

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"sync/atomic"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	whiteout       = ".wh."
	opaqueWhiteout = ".wh..wh..opq"
	aufsMetadata   = ".wh..wh." // other names with it are aufs' own bookkeeping and delete nothing
)

// overhead is the most bytes that an honest entry costs beside its content: two headers, a long name, padding.
const overhead = 8 << 10

type effect uint8

const (
	adds effect = iota
	hardlinks
	deletes
	empties
)

// entry is what is kept of a tar entry: enough to stack the layers.
type entry struct {
	name string // as the layer spells it, for errors
	path string // checked and cleaned
	link string // where a link points
	id   ID
	does effect
	kind kind
}

// budget is what all layers together may use. Layers are read at the same time.
type budget struct {
	limits  Limits
	entries atomic.Int64
	bytes   atomic.Int64
}

// layerReader reads one layer from its compressed bytes to its entries.
type layerReader struct {
	Layer
	limits Limits
	budget *budget
	visit  func(File) error
	last   string // the entry at hand, for errors
}

// read gives the layer's entries when its bytes are those that the manifest and the configuration promise.
func (r *layerReader) read(ctx context.Context, source v1.Layer) ([]entry, error) {
	blob, err := source.Compressed()
	if err != nil {
		return nil, r.fail(fmt.Errorf("opening it: %w", err))
	}
	defer blob.Close()

	// Hash what comes in, decompress, hash what comes out.
	packed := &meter{from: cancellable(ctx, blob), hash: sha256.New(), limit: r.Size, over: ErrDigest}
	content, err := decompress(packed)
	if err != nil {
		return nil, r.fail(r.cause(ctx, err))
	}
	defer content.Close()
	plain := &meter{from: content, hash: sha256.New(), check: func(n int64) error {
		if n > r.limits.RatioFrom && n > r.limits.Ratio*packed.n {
			return fmt.Errorf("%w: a decompression bomb: %d bytes so far from %d compressed ones, more than %d:1",
				ErrLimit, n, packed.n, r.limits.Ratio)
		}
		// Headers and padding count too: an endless layer of nothing but headers ends here.
		if most := r.limits.TotalBytes + overhead*int64(r.limits.Entries) + 1<<20; n > most {
			return fmt.Errorf("%w: the layer is longer than %d bytes", ErrLimit, most)
		}
		return nil
	}}
	listing, err := r.entries(tar.NewReader(plain))
	if err != nil {
		return nil, r.fail(r.cause(ctx, err))
	}

	// What follows the last entry belongs to the digests too. A tampered layer is seen here at the latest.
	for _, m := range []*meter{plain, packed} {
		if _, err := io.Copy(io.Discard, m); err != nil {
			return nil, r.fail(r.cause(ctx, err))
		}
	}
	if err := packed.verify(r.Digest, "compressed"); err != nil {
		return nil, r.fail(err)
	}
	if err := plain.verify(r.DiffID, "uncompressed"); err != nil {
		return nil, r.fail(err)
	}
	return listing, nil
}

func (r *layerReader) fail(err error) error {
	return &Error{Layer: r.Layer, Entry: r.last, Err: err}
}

// cause says what a failed read means. Decompressors have many words for a cut or changed stream.
func (r *layerReader) cause(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrTruncated, err)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return fmt.Errorf("%w: %w", ErrDigest, err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, tar.ErrHeader), errors.Is(err, zstd.ErrMagicMismatch):
		return fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return err
}

// entries reads the tar file and calls the visitor for the regular files in it.
func (r *layerReader) entries(tr *tar.Reader) ([]entry, error) {
	var listing []entry
	for i := 0; ; i++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return listing, nil
		}
		if err != nil {
			return nil, err
		}
		r.last = h.Name
		if err := r.afford(h); err != nil {
			return nil, err
		}
		e, err := r.entry(h, ID{Layer: r.Index, Entry: i})
		if err != nil {
			return nil, err
		}
		if e == nil {
			continue
		}
		listing = append(listing, *e)
		if e.does == adds && e.kind == regular {
			f := File{ID: e.id, Layer: r.Layer, Path: e.path, Mode: h.FileInfo().Mode(), Size: h.Size, Content: tr}
			if err := r.visit(f); err != nil {
				return nil, err
			}
		}
	}
}

// afford checks an entry against the limits before a byte of it is read. A sparse file counts with the size it claims:
// its zeros come from the tar reader, not from the compressed bytes, so that no ratio would see them.
func (r *layerReader) afford(h *tar.Header) error {
	if n := r.budget.entries.Add(1); n > int64(r.limits.Entries) {
		return fmt.Errorf("%w: the image has more than %d entries", ErrLimit, r.limits.Entries)
	}
	if n := max(len(h.Name), len(h.Linkname)); n > r.limits.PathBytes {
		r.last = h.Name[:min(len(h.Name), 200)] + "…"
		return fmt.Errorf("%w: a name of %d bytes, at most %d are read", ErrLimit, n, r.limits.PathBytes)
	}
	if h.Size > r.limits.FileBytes {
		return fmt.Errorf("%w: a file of %d bytes, at most %d are read", ErrLimit, h.Size, r.limits.FileBytes)
	}
	if n := r.budget.bytes.Add(h.Size); n > r.limits.TotalBytes {
		return fmt.Errorf("%w: the image's files hold more than %d bytes", ErrLimit, r.limits.TotalBytes)
	}
	return nil
}

// entry checks a header. It gives nil for what is no file at all.
func (r *layerReader) entry(h *tar.Header, id ID) (*entry, error) {
	name, err := clean(h.Name)
	if err != nil {
		return nil, err
	}
	e := &entry{name: h.Name, path: name, id: id}

	base := path.Base(name)
	switch {
	case base == opaqueWhiteout:
		e.does, e.path = empties, path.Dir(name)
		return e, nil
	case strings.HasPrefix(base, aufsMetadata):
		return nil, nil
	case strings.HasPrefix(base, whiteout):
		hidden := strings.TrimPrefix(base, whiteout)
		if hidden == "" || hidden == "." || hidden == ".." {
			return nil, fmt.Errorf("%w: a whiteout that names no file", ErrFormat)
		}
		e.does, e.path = deletes, path.Join(path.Dir(name), hidden)
		return e, nil
	}

	switch h.Typeflag {
	case tar.TypeReg, tar.TypeRegA, tar.TypeGNUSparse, tar.TypeCont: //nolint:staticcheck // old tar files mark files with TypeRegA
		e.kind = regular
	case tar.TypeDir:
		e.kind = directory
	case tar.TypeSymlink:
		e.kind, e.link = symlink, h.Linkname
		return e, inside(name, h.Linkname)
	case tar.TypeLink:
		e.does = hardlinks
		if e.link, err = clean(h.Linkname); err != nil {
			return nil, fmt.Errorf("%w: hard link to %q", ErrLink, h.Linkname)
		}
	case tar.TypeXGlobalHeader:
		return nil, nil
	default:
		e.kind = special
	}
	return e, nil
}

// clean checks an entry's name and gives it without leading slash and dots. Names that go up are refused even where they
// would come back down: no honest tool writes them.
func clean(name string) (string, error) {
	if strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("%w: it holds a NUL byte", ErrEscape)
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return "", ErrEscape
		}
	}
	return path.Join(".", path.Clean("/" + name)[1:]), nil
}

// inside refuses a relative symbolic link that climbs above the image's root. Absolute ones are common and start at the image's
// root. A kernel would stop at the root, an unpacker on somebody's laptop may not.
func inside(name, link string) error {
	if link == "" || strings.ContainsRune(link, 0) {
		return fmt.Errorf("%w: symbolic link to %q", ErrLink, link)
	}
	if path.IsAbs(link) {
		return nil
	}
	depth := len(split(path.Dir(name)))
	for _, part := range split(link) {
		if part == ".." {
			depth--
		} else {
			depth++
		}
		if depth < 0 {
			return fmt.Errorf("%w: symbolic link to %q climbs above the root", ErrLink, link)
		}
	}
	return nil
}

// decompress finds out by its first bytes how a layer is compressed; media types lie.
func decompress(packed io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReaderSize(packed, 1<<16)
	magic, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case len(magic) == 0:
		return nil, fmt.Errorf("%w: it is empty", ErrTruncated)
	case strings.HasPrefix(string(magic), "\x1f\x8b"):
		return gzip.NewReader(b)
	case string(magic) == "\x28\xb5\x2f\xfd":
		d, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return io.NopCloser(b), nil
}
