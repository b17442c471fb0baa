package advisory_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/advisory"
)

// artifact is a database as Aqua publishes it.
func artifact(t testing.TB, kind types.MediaType, files map[string][]byte) v1.Image {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for name, data := range files {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	w.Close()
	z.Close()
	img, err := mutate.AppendLayers(empty.Image, static.NewLayer(b.Bytes(), kind))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

const layerType = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"

func published(t testing.TB) map[string][]byte {
	t.Helper()
	dir := built(t)
	files := map[string][]byte{"../../escaped": []byte("x"), "/tmp/absolute": []byte("x")}
	for _, name := range []string{"trivy.db", "metadata.json"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

func serve(t testing.TB, img v1.Image, wrap func(http.Handler) http.Handler) string {
	t.Helper()
	h := registry.New()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	ref, err := name.ParseReference(host + "/trivy-db:2")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img); err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		server.Config.Handler = wrap(h)
	}
	return ref.String()
}

func TestPull(t *testing.T) {
	good := serve(t, artifact(t, layerType, published(t)), nil)
	nobody := "127.0.0.1:1/trivy-db:2"
	dir := filepath.Join(t.TempDir(), "cache", "db")
	later := now.Add(time.Hour)
	quick := []remote.Option{remote.WithRetryBackoff(remote.Backoff{Steps: 1})}
	m, err := advisory.Pull(t.Context(), dir, later, advisory.Source{Repositories: []string{nobody, good}, Remote: quick})
	if err != nil {
		t.Fatal(err)
	}
	if !m.DownloadedAt.Equal(later) || !m.UpdatedAt.Equal(now.Add(-time.Hour)) {
		t.Errorf("metadata %+v", m)
	}
	opened(t, dir).Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("%v, %v: three files are wanted, nothing that the archive wished besides", entries, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	// Again, over the first.
	if _, err := advisory.Pull(t.Context(), dir, later, advisory.Source{Repositories: []string{good}}); err != nil {
		t.Error(err)
	}
}

// What is no whole database never replaces the one that is there.
func TestPullRefuses(t *testing.T) {
	files := published(t)
	cut := map[string][]byte{"trivy.db": files["trivy.db"][:5000], "metadata.json": files["metadata.json"]}
	tamper := func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			body := rec.Body.Bytes()
			if strings.Contains(r.URL.Path, "/blobs/") && len(body) > 1000 {
				body[len(body)/2] ^= 1
			}
			for k, v := range rec.Header() {
				w.Header()[k] = v
			}
			w.WriteHeader(rec.Code)
			w.Write(body)
		})
	}
	for name, c := range map[string]struct {
		img  v1.Image
		wrap func(http.Handler) http.Handler
		want error
	}{
		"other media type": {artifact(t, types.OCILayer, files), nil, advisory.ErrSchema},
		"no database":      {artifact(t, layerType, map[string][]byte{"metadata.json": files["metadata.json"]}), nil, advisory.ErrCorrupt},
		"no metadata":      {artifact(t, layerType, map[string][]byte{"trivy.db": files["trivy.db"]}), nil, advisory.ErrCorrupt},
		"long metadata":    {artifact(t, layerType, map[string][]byte{"trivy.db": files["trivy.db"], "metadata.json": append(bytes.Repeat([]byte(" "), 64<<10), files["metadata.json"]...)}), nil, advisory.ErrCorrupt},
		"cut database":     {artifact(t, layerType, cut), nil, advisory.ErrCorrupt},
		"two layers":       {twice(t, artifact(t, layerType, files)), nil, advisory.ErrSchema},
		"tampered blob":    {artifact(t, layerType, files), tamper, advisory.ErrCorrupt},
	} {
		t.Run(name, func(t *testing.T) {
			dir := built(t)
			before, err := os.ReadFile(filepath.Join(dir, "trivy.db"))
			if err != nil {
				t.Fatal(err)
			}
			from := advisory.Source{Repositories: []string{serve(t, c.img, c.wrap)}}
			if _, err := advisory.Pull(t.Context(), dir, now, from); !errors.Is(err, c.want) {
				t.Errorf("error %v, want %v", err, c.want)
			}
			after, err := os.ReadFile(filepath.Join(dir, "trivy.db"))
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("the old database was touched: %v", err)
			}
		})
	}
}

func twice(t *testing.T, img v1.Image) v1.Image {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layers...); err != nil {
		t.Fatal(err)
	}
	return img
}

// A folder that holds anything else is never replaced: its name may be a typing slip.
func TestForeignFolder(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "thesis.tex"), []byte("years of work"))
	from := advisory.Source{Repositories: []string{serve(t, artifact(t, layerType, published(t)), nil)}}
	if _, err := advisory.Pull(t.Context(), dir, now, from); err == nil || !strings.Contains(err.Error(), "it also holds thesis.tex") {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "thesis.tex")); err != nil {
		t.Error(err)
	}
}
