package rootfs_test

import (
	"errors"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/rootfs"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// FuzzWalk reads any bytes as a layer: no panic, no more than the limits, every path inside, and every error an Error.
func FuzzWalk(f *testing.F) {
	f.Add(plainTar(f, file("a", "1"), symlink("b", "a"), hardlink("c", "a"), dir("d"), file("d/.wh.x", ""), file("d/.wh..wh..opq", "")))
	f.Add(plainTar(f, file("../x", "1")))
	f.Add(packed(plainTar(f, file("a", noise(1000)))).bytes)
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	limits := rootfs.Limits{Entries: 1000, FileBytes: 1 << 20, TotalBytes: 2 << 20, RatioFrom: 1 << 16, Ratio: 50}
	f.Fuzz(func(t *testing.T, data []byte) {
		img := testimage.Image(t, blob{bytes: data, digest: sum(data), diffID: sum(data)})
		seen := int64(0)
		tree, err := rootfs.Walk(t.Context(), img, limits, func(file rootfs.File) error {
			if path.IsAbs(file.Path) || strings.HasPrefix(file.Path, "..") || file.Path != path.Clean(file.Path) {
				t.Errorf("path %q", file.Path)
			}
			n, err := io.Copy(io.Discard, file.Content)
			if seen += n; seen > limits.TotalBytes {
				t.Errorf("%d bytes were handed out", seen)
			}
			return err
		})
		if _, ok := errors.AsType[*rootfs.Error](err); err != nil && !ok {
			t.Errorf("error %v names no layer", err)
		}
		if err == nil && len(tree.Layers()) != 1 {
			t.Errorf("%d layers", len(tree.Layers()))
		}
	})
}
