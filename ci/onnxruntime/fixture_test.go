package onnxruntime_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/onnxruntime"
)

// Contents of the library for both architectures. They do not compress, so that
// a cut through the archive is a cut through them.
var (
	amd64 = noise("amd64", 200_000)
	arm64 = noise("arm64", 200_000)
)

func noise(seed string, size int) []byte {
	var b []byte
	for n := 0; len(b) < size; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", seed, n))
		b = append(b, sum[:]...)
	}
	return b[:size]
}

type entry struct {
	name string
	kind byte
	body []byte
}

// whole are the entries of a good archive, with one that nobody asks for and
// that would be written elsewhere if all were unpacked.
func whole() []entry {
	return []entry{
		{"package/package.json", tar.TypeReg, []byte("{}")},
		{"../../../../escape", tar.TypeReg, []byte("x")},
		{"package/x64/lib.so", tar.TypeReg, amd64},
		{"package/arm64/lib.so", tar.TypeReg, arm64},
	}
}

func archive(t *testing.T, entries []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Typeflag: e.kind, Mode: 0o644, Size: int64(len(e.body))}
		if e.kind == tar.TypeSymlink {
			h.Linkname = "/etc/passwd"
		}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := tw.Write(e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pinned are the pins of an archive.
func pinned(raw []byte) onnxruntime.Pins {
	var pins onnxruntime.Pins
	for _, p := range []struct {
		arch, folder string
		body         []byte
	}{{"amd64", "package/x64", amd64}, {"arm64", "package/arm64", arm64}} {
		pins = append(pins, onnxruntime.Pin{
			Variant: onnxruntime.CPU, Architecture: p.arch, Package: "@acme/lib", Version: "1.2.3",
			SHA512: fmt.Sprintf("%x", sha512.Sum512(raw)), Folder: p.folder,
			Files: []onnxruntime.File{{Name: "lib.so", SHA256: fmt.Sprintf("%x", sha256.Sum256(p.body))}},
		})
	}
	return pins
}

// registry serves what answer does, at the path of the package alone, and
// counts.
func registry(t *testing.T, answer http.HandlerFunc) (*onnxruntime.Source, *atomic.Int32) {
	t.Helper()
	var requests atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("GET /npm/@acme/lib/-/lib-1.2.3.tgz", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answer(w, r)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return &onnxruntime.Source{Registry: s.URL + "/npm/", Cache: t.TempDir(), Wait: time.Millisecond}, &requests
}

func serve(raw []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "lib.tgz", time.Time{}, bytes.NewReader(raw))
	}
}
