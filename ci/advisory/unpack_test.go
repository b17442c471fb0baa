package advisory

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/static"
)

// What the archive holds besides the database counts too: it is unzipped to be passed over.
func TestUnpackBoundsTheWholeArchive(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range []string{"rubbish", "more rubbish", databaseFile} {
		body := bytes.Repeat([]byte("x"), 300<<10)
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	layer := static.NewLayer(b.Bytes(), layerType)
	if err := unpack(layer, t.TempDir(), 500<<10); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "the archive has more than 512000 bytes") {
		t.Errorf("%v; want the archive's size refused", err)
	}
	if err := unpack(layer, t.TempDir(), 1<<20); err != nil {
		t.Errorf("%v, and all of it is within the bound", err)
	}
}
