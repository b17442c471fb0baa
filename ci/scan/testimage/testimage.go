// Package testimage builds small images for tests: real layers, a real dpkg list, and a real Go program, linked with a
// version of golang.org/x/text that CVE-2022-32149 is about. It is what seeds the vulnerable dependency that the gate must find.
package testimage

import (
	"archive/tar"
	"bytes"
	"embed"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

//go:embed testdata
var source embed.FS

// Created is the creation time of all test images: they must have the same digest on every run.
var Created = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// Debian is the base of the test images: Debian 12 with two packages as distroless lists them. Its glibc has
// CVE-2026-4046 (HIGH, mended in 2.36-9+deb12u14) and CVE-2026-4438 (no severity, not mended).
func Debian() []tar.Header {
	return []tar.Header{
		Regular("etc/debian_version", "12.11\n"),
		Regular("usr/lib/os-release", "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n"),
		{Name: "etc/os-release", Typeflag: tar.TypeSymlink, Linkname: "../usr/lib/os-release"},
		Regular("var/lib/dpkg/status.d/libc6", Stanza("libc6", "2.36-9+deb12u13", "Source: glibc\nDepends: libgcc-s1, libcrypt1 (>= 1:4.4.10-10~)\n")),
		Regular("var/lib/dpkg/status.d/libgcc-s1", Stanza("libgcc-s1", "12.2.0-14+deb12u1", "Source: gcc-12\n")),
	}
}

// Stanza is one package of a dpkg list; more holds further whole lines.
func Stanza(name, version, more string) string {
	return "Package: " + name + "\nStatus: install ok installed\nArchitecture: amd64\nVersion: " + version + "\n" +
		"Maintainer: Debian <packages@lists.debian.org>\n" + more +
		"Description: a package\n of a test image\n .\n with a long text\n"
}

// content is where Regular keeps a file's text until Layer writes it.
const content = "MLFLEET.content"

// Regular is a file.
func Regular(name, text string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(text)), PAXRecords: map[string]string{content: text}}
}

// Program is a file that may be executed.
func Program(name string, data []byte) tar.Header {
	h := Regular(name, string(data))
	h.Mode = 0o755
	return h
}

// Tar writes a layer's entries as a tar file.
func Tar(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		text := h.PAXRecords[content]
		h.PAXRecords, h.ModTime = nil, Created
		if err := w.WriteHeader(&h); err != nil {
			t.Fatalf("writing entry %s: %v", h.Name, err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatalf("writing entry %s: %v", h.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatalf("writing a layer: %v", err)
	}
	return b.Bytes()
}

// Layer is a compressed layer with these entries, in this order.
func Layer(t testing.TB, entries ...tar.Header) v1.Layer {
	t.Helper()
	data := Tar(t, entries...)
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}, tarball.WithCompressedCaching)
	if err != nil {
		t.Fatalf("making a layer: %v", err)
	}
	return layer
}

// Image stacks layers, the base first.
func Image(t testing.TB, layers ...v1.Layer) v1.Image {
	t.Helper()
	img, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatalf("making an image: %v", err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatalf("making an image: %v", err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", "amd64", v1.Time{Time: Created}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatalf("making an image: %v", err)
	}
	return img
}

// Vulnerable is Debian with the vulnerable program in a layer of its own.
func Vulnerable(t testing.TB) v1.Image {
	t.Helper()
	return Image(t, Layer(t, Debian()...), Layer(t, Program("usr/bin/vulnerable", Binary(t))))
}

// Binary compiles the program with golang.org/x/text v0.3.7, taken from the module cache or the module proxy.
func Binary(t testing.TB) []byte {
	t.Helper()
	dir := t.TempDir()
	for from, to := range map[string]string{"main.go.txt": "main.go", "go.mod.txt": "go.mod", "go.sum.txt": "go.sum"} {
		data, err := source.ReadFile("testdata/" + from)
		if err != nil {
			t.Fatalf("reading the vulnerable program: %v", err)
		}
		if err := os.WriteFile(filepath.Join(dir, to), data, 0o644); err != nil {
			t.Fatalf("writing the vulnerable program: %v", err)
		}
	}
	out := filepath.Join(dir, "vulnerable")
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-o", out, ".")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=")
	if message, err := build.CombinedOutput(); err != nil {
		t.Fatalf("compiling the vulnerable program: %v\n%s", err, message)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatalf("reading the compiled program: %v", err)
	}
	return data
}
