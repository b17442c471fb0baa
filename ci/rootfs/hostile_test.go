package rootfs_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"

	"github.com/mlfleet/mlfleet/ci/rootfs"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// blob is a layer of any bytes, with the digests that it is told to claim: a registry's lies.
type blob struct {
	bytes          []byte
	digest, diffID v1.Hash
}

func (b blob) Digest() (v1.Hash, error)             { return b.digest, nil }
func (b blob) DiffID() (v1.Hash, error)             { return b.diffID, nil }
func (b blob) Compressed() (io.ReadCloser, error)   { return io.NopCloser(bytes.NewReader(b.bytes)), nil }
func (b blob) Uncompressed() (io.ReadCloser, error) { return nil, errors.New("not asked for") }
func (b blob) Size() (int64, error)                 { return int64(len(b.bytes)), nil }
func (b blob) MediaType() (types.MediaType, error)  { return types.OCILayer, nil }

func sum(data []byte) v1.Hash {
	h := sha256.Sum256(data)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(h[:])}
}

// packed is an honest layer of these tar bytes.
func packed(plain []byte) blob {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	z.Write(plain)
	z.Close()
	return blob{bytes: b.Bytes(), digest: sum(b.Bytes()), diffID: sum(plain)}
}

// plainTar is a tar file of entries.
func plainTar(t testing.TB, all ...tar.Header) []byte { return testimage.Tar(t, all...) }

// refused walks and checks the error: its kind, its layer, its entry, its words.
func refused(t *testing.T, img v1.Image, limits rootfs.Limits, want error, layer int, entry, says string) {
	t.Helper()
	_, _, _, err := walk(t, img, limits)
	e, ok := errors.AsType[*rootfs.Error](err)
	if !ok || !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if e.Layer.Index != layer || e.Entry != entry || !strings.Contains(err.Error(), says) {
		t.Errorf("error %q\nis about layer %d, entry %q; want layer %d, entry %q, with %q", err, e.Layer.Index, e.Entry, layer, entry, says)
	}
	if prefix := fmt.Sprintf("layer %d of ", layer+1); !strings.HasPrefix(err.Error(), prefix) {
		t.Errorf("error %q does not name the layer as people count", err)
	}
}

func TestPathTraversal(t *testing.T) {
	for _, name := range []string{"../../etc/passwd", "a/../../b", "a/../b", "..", "/../etc/shadow"} {
		img := image(t, entries{file("fine", "1")}, entries{file("also-fine", "1"), file(name, "x")})
		refused(t, img, rootfs.Limits{}, rootfs.ErrEscape, 1, name, "the name leaves the image")
	}
}

func TestLinksOutside(t *testing.T) {
	for to, says := range map[string]string{
		"../etc/passwd": "climbs above the root", "a/../../x": "climbs above the root", "../../../../../root/.ssh": "climbs above the root",
	} {
		refused(t, image(t, entries{symlink("link", to)}), rootfs.Limits{}, rootfs.ErrLink, 0, "link", says)
	}
	refused(t, image(t, entries{hardlink("link", "../../etc/passwd")}), rootfs.Limits{}, rootfs.ErrLink, 0, "link", `hard link to "../../etc/passwd"`)
	refused(t, image(t, entries{hardlink("link", "etc/passwd")}), rootfs.Limits{}, rootfs.ErrLink, 0, "link", "is not in the image")
	refused(t, image(t, entries{dir("d"), hardlink("link", "d")}), rootfs.Limits{}, rootfs.ErrLink, 0, "link", "which is a directory")
	refused(t, image(t, entries{symlink("a", "b"), symlink("b", "a"), file("a/x", "1")}), rootfs.Limits{}, rootfs.ErrLink, 0, "a/x", "more than 40 links")
}

// A link may climb as far as the root, and absolute links start there: both are common.
func TestLinksInside(t *testing.T) {
	if _, _, _, err := walk(t, image(t, entries{symlink("usr/bin/x", "../../etc/x"), symlink("y", "/etc/y")}), rootfs.Limits{}); err != nil {
		t.Error(err)
	}
}

func TestWhiteoutWithoutName(t *testing.T) {
	for _, name := range []string{"d/.wh.", "d/.wh...", "d/.wh.."} {
		refused(t, image(t, entries{file(name, "")}), rootfs.Limits{}, rootfs.ErrFormat, 0, name, "a whiteout that names no file")
	}
}

func TestDecompressionBomb(t *testing.T) {
	zeros := plainTar(t, file("zeros", strings.Repeat("\x00", 8<<20)))
	limits := rootfs.Limits{RatioFrom: 1 << 20, Ratio: 100}
	refused(t, testimage.Image(t, packed(zeros)), limits, rootfs.ErrLimit, 0, "zeros", "a decompression bomb")

	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	data := z.EncodeAll(zeros, nil)
	img := testimage.Image(t, blob{bytes: data, digest: sum(data), diffID: sum(zeros)})
	refused(t, img, limits, rootfs.ErrLimit, 0, "zeros", "a decompression bomb")
	if _, _, _, err := walk(t, img, rootfs.Limits{}); err != nil {
		t.Errorf("8 MiB of zeros harm nobody, but: %v", err)
	}
}

// What follows the tar file's end is decompressed for the digest and can be a bomb as well.
func TestBombBehindTheEnd(t *testing.T) {
	plain := append(plainTar(t, file("a", "1")), make([]byte, 8<<20)...)
	refused(t, testimage.Image(t, packed(plain)), rootfs.Limits{RatioFrom: 1 << 20, Ratio: 100}, rootfs.ErrLimit, 0, "a", "a decompression bomb")
}

func TestAbsoluteLimits(t *testing.T) {
	img := image(t, entries{file("a", "12345"), file("b", "67890")}, entries{file("c", strings.Repeat("x", 100))})
	refused(t, img, rootfs.Limits{FileBytes: 99}, rootfs.ErrLimit, 1, "c", "a file of 100 bytes, at most 99 are read")
	refused(t, image(t, entries{file("a", "12345"), file("b", "67890")}), rootfs.Limits{TotalBytes: 9}, rootfs.ErrLimit, 0, "b", "hold more than 9 bytes")
	refused(t, image(t, entries{file("a", ""), dir("b"), symlink("c", "a")}), rootfs.Limits{Entries: 2}, rootfs.ErrLimit, 0, "c", "more than 2 entries")
	long := strings.Repeat("d/", 150) + "x"
	refused(t, image(t, entries{file(long, "")}), rootfs.Limits{PathBytes: 300}, rootfs.ErrLimit, 0, long[:200]+"…", "a name of 301 bytes")
	if _, _, _, err := walk(t, img, rootfs.Limits{Layers: 1}); !errors.Is(err, rootfs.ErrLimit) {
		t.Errorf("two layers where one is allowed: %v", err)
	}
}

// A sparse file claims a terabyte in a few bytes. The tar reader would make the zeros; no compression ratio would show it.
func TestSparseBomb(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	// The writer refuses to write sparse files, so the keys are written under a name of the same length and replaced.
	if err := w.WriteHeader(&tar.Header{Name: "GNUSparseFile.0/x", Typeflag: tar.TypeReg, Size: 512, Format: tar.FormatPAX, PAXRecords: map[string]string{
		"XXX.sparse.major": "1", "XXX.sparse.minor": "0", "XXX.sparse.name": "sparse", "XXX.sparse.realsize": "1099511627776",
	}}); err != nil {
		t.Fatal(err)
	}
	blockMap := make([]byte, 512)
	copy(blockMap, "1\n1099511627776\n0\n")
	w.Write(blockMap)
	w.Close()
	plain := bytes.ReplaceAll(b.Bytes(), []byte("XXX.sparse"), []byte("GNU.sparse"))
	refused(t, testimage.Image(t, packed(plain)), rootfs.Limits{}, rootfs.ErrLimit, 0, "sparse", "a file of 1099511627776 bytes")
}

func TestTruncatedLayer(t *testing.T) {
	whole := packed(plainTar(t, file("first", "1"), file("second", noise(100_000))))
	cut := whole
	cut.bytes = whole.bytes[:len(whole.bytes)/2]
	refused(t, testimage.Image(t, cut), rootfs.Limits{}, rootfs.ErrTruncated, 0, "second", "the layer is truncated")
	empty := whole
	empty.bytes = nil
	refused(t, testimage.Image(t, empty), rootfs.Limits{}, rootfs.ErrTruncated, 0, "", "it is empty")

	// Cut where a gzip stream ends and the tar file does not: each is whole for itself.
	plain := plainTar(t, file("first", "1"), file("second", noise(100_000)))
	short := packed(plain[:50_000])
	refused(t, testimage.Image(t, short), rootfs.Limits{}, rootfs.ErrTruncated, 0, "second", "unexpected EOF")
}

func TestTamperedLayer(t *testing.T) {
	whole := packed(plainTar(t, file("a", noise(100_000))))
	other := packed(plainTar(t, file("a", strings.ToUpper(noise(100_000)))))

	swapped := other
	swapped.digest = whole.digest
	refused(t, testimage.Image(t, swapped), rootfs.Limits{}, rootfs.ErrDigest, 0, "a", "compressed bytes have sha256:")

	recompressed := other
	recompressed.diffID = whole.diffID
	refused(t, testimage.Image(t, recompressed), rootfs.Limits{}, rootfs.ErrDigest, 0, "a", "uncompressed bytes have sha256:")

	flipped := whole
	flipped.bytes = bytes.Clone(whole.bytes)
	flipped.bytes[len(flipped.bytes)-5] ^= 1 // the checksum at the end of the gzip stream
	refused(t, testimage.Image(t, flipped), rootfs.Limits{}, rootfs.ErrDigest, 0, "a", "its digest does not match")
}

// longer has more bytes than it says.
type longer struct{ blob }

func (l longer) Size() (int64, error) { return int64(len(l.bytes)) - 1, nil }

func TestLayerLongerThanItsSize(t *testing.T) {
	refused(t, testimage.Image(t, longer{packed(plainTar(t, file("a", "1")))}), rootfs.Limits{}, rootfs.ErrDigest, 0, "", "that the manifest names")
}

func TestNoTarFile(t *testing.T) {
	refused(t, testimage.Image(t, packed([]byte(noise(2000)))), rootfs.Limits{}, rootfs.ErrFormat, 0, "", "invalid tar header")
}

// A stopped scan stops within a layer.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("the pipeline was stopped")
	img := image(t, entries{file("a", "1"), file("b", noise(1<<20))})
	_, err := rootfs.Walk(ctx, img, rootfs.Limits{}, func(rootfs.File) error { cancel(stop); return nil })
	if !errors.Is(err, stop) && !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// noise is text that does not compress away.
func noise(n int) string {
	var b strings.Builder
	for h := sha256.Sum256([]byte("noise")); b.Len() < n; h = sha256.Sum256(h[:]) {
		b.WriteString(hex.EncodeToString(h[:]))
	}
	return b.String()[:n]
}
