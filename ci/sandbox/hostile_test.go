package sandbox_test

import (
	"archive/tar"
	"bytes"
	stdcontext "context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/mlfleet/mlfleet/ci/sandbox"
)

// context outlives every test, as the image that several of them use must.
var context = stdcontext.Background()

func cancellable(t *testing.T) (stdcontext.Context, stdcontext.CancelFunc) {
	return stdcontext.WithCancel(t.Context())
}

// withEntrypoint is an image that starts another program.
func withEntrypoint(t *testing.T, img v1.Image, args ...string) v1.Image {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config
	c.Entrypoint, c.Cmd = args, nil
	img, err = mutate.Config(img, c)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// of makes an image of one layer with these entries, run as a user.
func of(t *testing.T, user string, entries ...tar.Header) v1.Image {
	t.Helper()
	var b bytes.Buffer
	tw := tar.NewWriter(&b)
	for _, h := range entries {
		if err := tw.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(empty.Image, l)
	if err != nil {
		t.Fatal(err)
	}
	img, err = mutate.Config(img, v1.Config{User: user, Entrypoint: []string{"/x"}})
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func TestHostileImagesAreRefused(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	if err := os.Mkdir(outside, 0o755); err != nil {
		t.Fatal(err)
	}
	link := tar.Header{Typeflag: tar.TypeSymlink, Name: "out", Linkname: outside}
	file := tar.Header{Typeflag: tar.TypeReg, Name: "out/file", Mode: 0o644}
	for name, c := range map[string]struct {
		img  v1.Image
		want string
	}{
		"a name that leaves the image": {of(t, "1:1", tar.Header{Typeflag: tar.TypeReg, Name: "../../outside/file"}), "../../outside/file"},
		"a link out, and a file in it": {of(t, "1:1", link, file), "exec"},
		"a hard link out":              {of(t, "1:1", tar.Header{Typeflag: tar.TypeLink, Name: "passwd", Linkname: "out/passwd"}, tar.Header{Typeflag: tar.TypeSymlink, Name: "out", Linkname: "/etc"}), "escapes"},
		"a hard link to nothing":       {of(t, "1:1", tar.Header{Typeflag: tar.TypeLink, Name: "a", Linkname: "b"}), "no such file"},
		"root":                         {of(t, "0:0"), "not root"},
		"root's group":                 {of(t, "1:0"), "not root"},
		"a user by name":               {of(t, "nonroot"), "number"},
		"no user":                      {of(t, ""), "number"},
	} {
		t.Run(name, func(t *testing.T) {
			started, err := sandbox.Start(t.Context(), c.img, sandbox.Options{Dir: dir})
			if err == nil {
				t.Fatalf("it started; close: %v", started.Close())
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v; want %q in it", err, c.want)
			}
			left, err := os.ReadDir(dir)
			if err != nil || len(left) != 1 {
				t.Errorf("left over: %v (%v)", left, err)
			}
			if in, err := os.ReadDir(outside); err != nil || len(in) > 0 {
				t.Errorf("it wrote outside of the image: %v (%v)", in, err)
			}
		})
	}
}

func TestMissingRuncSaysWhatToInstall(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := sandbox.Start(t.Context(), of(t, "1:1"), sandbox.Options{})
	if err == nil || !strings.Contains(err.Error(), "apt-get install --no-install-recommends runc") {
		t.Errorf("%v; want how to install runc", err)
	}
}
