package debian

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// one is a lock of one package, and where mirrors and snapshots have it.
func one(t *testing.T) (l *Lock, p Package, raw []byte, at, day, dayAfter string) {
	t.Helper()
	raw = deb(t, ".xz", stanza("libc6", "1.0-1", "amd64"), file("./usr/lib/libc.so.6", "library"))
	l = lockOf(map[string][]byte{"libc6": raw})
	p = l.Packages["amd64"][0]
	return l, p, raw, "/debian/" + p.File, "/debian/20261101T120000Z/" + p.File, "/debian/20261102T120000Z/" + p.File
}

// A package comes from the mirror, and where that no longer has it, from the
// snapshot of the day of the lock, or of the day after.
func TestFetchPlaces(t *testing.T) {
	l, p, raw, at, day, dayAfter := one(t)
	for name, c := range map[string]struct {
		mirror, snapshot map[string][]byte
		asked            []string // of the snapshot
	}{
		"mirror":                      {map[string][]byte{at: raw}, nil, nil},
		"snapshot of the day":         {nil, map[string][]byte{day: raw}, []string{day}},
		"snapshot of the day after":   {nil, map[string][]byte{dayAfter: raw}, []string{day, dayAfter}},
		"mirror has something else":   {map[string][]byte{at: []byte("<html>parked</html>")}, map[string][]byte{day: raw}, []string{day}},
		"mirror has it tampered with": {map[string][]byte{at: flipped(raw)}, map[string][]byte{day: raw}, []string{day}},
	} {
		t.Run(name, func(t *testing.T) {
			mirror, snapshot := newSite(t), newSite(t)
			mirror.files, snapshot.files = c.mirror, c.snapshot
			got, err := archiveOf(t, mirror, snapshot).Fetch(t.Context(), l, p)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, raw) {
				t.Error("it is not the package")
			}
			if !slices.Equal(snapshot.requests(), c.asked) {
				t.Errorf("the snapshot was asked for %v, want %v", snapshot.requests(), c.asked)
			}
		})
	}
}

func flipped(raw []byte) []byte {
	raw = bytes.Clone(raw)
	raw[len(raw)/2] ^= 1
	return raw
}

// What is not what the lock names is refused, wherever it comes from, and the
// error tells every place, what was wrong there, and how to mend it.
func TestFetchRefuses(t *testing.T) {
	l, p, raw, at, _, _ := one(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
		asked  int
	}{
		"wrong sha256":    {serve(flipped(raw)), "it has sha256 ", 1},
		"truncated":       {serve(raw[:len(raw)-1]), "bytes, the lock says", 1},
		"oversize":        {serve(append(bytes.Clone(raw), 0)), "it is larger than", 1},
		"endless":         {endless, "it is larger than", 1},
		"not there":       {http.NotFound, "404 Not Found", 1},
		"500 for ever":    {answer(500), "500 Internal Server Error", 3},
		"429 for ever":    {answer(429), "429 Too Many Requests", 3},
		"cut off":         {cutOff(raw), "unexpected EOF", 3},
		"hung up at once": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF", 3},
	} {
		t.Run(name, func(t *testing.T) {
			mirror := newSite(t)
			mirror.answers[at] = c.answer
			a := archiveOf(t, mirror, nil)
			_, err := a.Fetch(t.Context(), l, p)
			wantError(t, err, "fetch the Debian package libc6 1.0-1", mirror.address+at, c.want, MirrorVariable, "mlfleet-ci lock")
			if len(mirror.requests()) != c.asked {
				t.Errorf("it was asked for %d times, want %d", len(mirror.requests()), c.asked)
			}
			if left, err := os.ReadDir(a.Cache); err != nil || len(left) != 0 {
				t.Errorf("%v was kept (%v)", left, err)
			}
		})
	}
}

func serve(raw []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(raw) } // the client notices
}

func answer(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// endless sends until the client has enough.
func endless(w http.ResponseWriter, _ *http.Request) {
	for range 1 << 20 {
		if _, err := w.Write(make([]byte, 1<<10)); err != nil {
			return
		}
	}
}

// cutOff promises a file and hangs up half way.
func cutOff(raw []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", decimal(int64(len(raw))))
		w.Write(raw[:len(raw)/2]) // it is about to hang up anyway
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// A server that fails for a while is asked again.
func TestFetchTriesAgain(t *testing.T) {
	l, p, raw, at, _, _ := one(t)
	for name, fails := range map[string]http.HandlerFunc{"500": answer(500), "429": answer(429), "cut off": cutOff(raw)} {
		t.Run(name, func(t *testing.T) {
			mirror := newSite(t)
			n := 0
			mirror.answers[at] = func(w http.ResponseWriter, r *http.Request) {
				if n++; n < 3 {
					fails(w, r)
					return
				}
				w.Write(raw) // the client notices
			}
			got, err := archiveOf(t, mirror, nil).Fetch(t.Context(), l, p)
			if err != nil || !bytes.Equal(got, raw) {
				t.Errorf("got %d bytes, %v", len(got), err)
			}
		})
	}
}

// What is in the cache is not fetched again, and what was harmed there is.
func TestFetchCache(t *testing.T) {
	l, p, raw, at, _, _ := one(t)
	mirror := newSite(t)
	mirror.files[at] = raw
	a := archiveOf(t, mirror, nil)
	fetch := func(times int) {
		t.Helper()
		got, err := a.Fetch(t.Context(), l, p)
		if err != nil || !bytes.Equal(got, raw) {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
		if len(mirror.requests()) != times {
			t.Errorf("the mirror was asked %d times, want %d", len(mirror.requests()), times)
		}
	}
	fetch(1)
	fetch(1)
	if err := os.WriteFile(filepath.Join(a.Cache, p.SHA256+".deb"), flipped(raw), 0o644); err != nil {
		t.Fatal(err)
	}
	fetch(2)
	fetch(2)
}

func TestFetchCancelled(t *testing.T) {
	l, p, _, at, _, _ := one(t)
	mirror := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	mirror.answers[at] = func(w http.ResponseWriter, _ *http.Request) {
		cancel()
		w.WriteHeader(http.StatusInternalServerError)
	}
	a := archiveOf(t, mirror, nil)
	a.Wait = time.Hour
	began := time.Now()
	_, err := a.Fetch(ctx, l, p)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestNewArchive(t *testing.T) {
	if a := NewArchive("", "x"); a.Mirror != DefaultMirror || a.Snapshot != DefaultSnapshot {
		t.Errorf("got %+v", a)
	}
	a := NewArchive("http://mirror.example/", "x")
	l, p, _, at, _, _ := one(t)
	if got := a.places(l, p); got[0] != "http://mirror.example"+at || !strings.HasPrefix(got[1], DefaultSnapshot+"/debian/20261101T120000Z/pool/") {
		t.Errorf("got %v", got)
	}
}
