package debian

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// ar makes an ar archive as dpkg-deb does.
func ar(members ...member) []byte {
	var b bytes.Buffer
	b.WriteString(arMagic)
	for _, m := range members {
		fmt.Fprintf(&b, "%-16s%-12d%-6d%-6d%-8s%-10d`\n", m.name, 1, 0, 0, "100644", len(m.body))
		b.Write(m.body)
		if len(m.body)%2 == 1 {
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// An entry is a header of a tar archive and what follows it.
type entry struct {
	tar.Header
	body string
}

func file(name, body string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(body))}, body}
}

func folder(name string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}, ""}
}

func symlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}, ""}
}

func hardlink(name, target string) entry {
	return entry{tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}, ""}
}

func tarball(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		e.Format = tar.FormatGNU
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// compressed makes a member's body for the end of its name.
func compressed(t testing.TB, ext string, plain io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch ext {
	case "":
		w = struct {
			io.Writer
			io.Closer
		}{&b, io.NopCloser(nil)}
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	default:
		t.Fatalf("no compressor for %s", ext)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func stanza(name, version, architecture string) string {
	return fmt.Sprintf("Package: %s\nSource: glibc\nVersion: %s\nArchitecture: %s\nDescription: a package\n of the test\n", name, version, architecture)
}

// deb makes a package whose archives are compressed in one way.
func deb(t testing.TB, ext, control string, data ...entry) []byte {
	t.Helper()
	return debOf(
		member{"control.tar" + ext, compressed(t, ext, bytes.NewReader(tarball(t, folder("./"), file("./control", control), file("./md5sums", "d41d  usr/x\n"))))},
		member{"data.tar" + ext, compressed(t, ext, bytes.NewReader(tarball(t, data...)))})
}

func debOf(members ...member) []byte {
	return ar(append([]member{{"debian-binary", []byte("2.0\n")}}, members...)...)
}

// lockOf locks files by what they are; each is amd64's.
func lockOf(packages map[string][]byte) *Lock {
	l := &Lock{Suite: "bookworm", Locked: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), Packages: map[string][]Package{}}
	for _, name := range ServerPackages {
		if raw, ok := packages[name]; ok {
			l.Packages["amd64"] = append(l.Packages["amd64"], packageOf(name, raw))
		}
	}
	return l
}

func packageOf(name string, raw []byte) Package {
	sum := sha256.Sum256(raw)
	return Package{
		Name: name, Version: "1.0-1", Archive: "debian", File: "pool/main/" + name + "_1.0-1_amd64.deb",
		SHA256: hex.EncodeToString(sum[:]), Size: int64(len(raw)),
	}
}

// site is a server of files.
type site struct {
	address string
	mu      sync.Mutex
	files   map[string][]byte // by path
	answers map[string]http.HandlerFunc
	asked   []string
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{files: map[string][]byte{}, answers: map[string]http.HandlerFunc{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.address = server.URL
	return s
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.Path)
	body, ok := s.files[r.URL.Path]
	answer := s.answers[r.URL.Path]
	s.mu.Unlock()
	switch {
	case answer != nil:
		answer(w, r)
	case ok:
		w.Write(body) // the client under test notices
	default:
		http.NotFound(w, r)
	}
}

// requests are the paths that were asked for.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func archiveOf(t testing.TB, mirror, snapshot *site) *Archive {
	t.Helper()
	a := &Archive{Mirror: mirror.address, Cache: t.TempDir(), Wait: time.Millisecond}
	if snapshot != nil {
		a.Snapshot = snapshot.address
	}
	return a
}

func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; one with %q is due", texts)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q:\n%v", text, err)
		}
	}
}
