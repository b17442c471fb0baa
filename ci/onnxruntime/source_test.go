package onnxruntime_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/onnxruntime"
)

func TestFetchUnpacksWhatIsPinnedAndKeepsIt(t *testing.T) {
	raw := archive(t, whole())
	source, requests := registry(t, serve(raw))
	for range 2 {
		for arch, want := range map[string][]byte{"amd64": amd64, "arm64": arm64} {
			l, err := source.Fetch(t.Context(), pinned(raw), onnxruntime.CPU, arch)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(l.Dir, "lib.so"))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v; want the library", arch, len(got), err)
			}
		}
	}
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests; want one for both architectures and both times", n)
	}
	var left []string
	err := filepath.WalkDir(source.Cache, func(p string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, d.Name())
		}
		return err
	})
	if err != nil || len(left) != 2 {
		t.Errorf("the cache holds %q (%v); want the two libraries and nothing else", left, err)
	}
}

func TestFetchRepairsAHarmedCache(t *testing.T) {
	raw := archive(t, whole())
	source, requests := registry(t, serve(raw))
	l, err := source.Fetch(t.Context(), pinned(raw), onnxruntime.CPU, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(l.Dir, "lib.so")
	if err := os.WriteFile(file, append([]byte("evil"), amd64[4:]...), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Fetch(t.Context(), pinned(raw), onnxruntime.CPU, "amd64"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, amd64) {
		t.Errorf("it still has the harmed file (%v)", err)
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

func TestTamperedArchiveIsRefused(t *testing.T) {
	raw := archive(t, whole())
	other := bytes.Clone(raw)
	other[len(other)/2] ^= 1
	refused(t, pinned(raw), serve(other), "pins")
}

func TestTruncatedArchiveIsRefused(t *testing.T) {
	raw := archive(t, whole())
	refused(t, pinned(raw), serve(raw[:len(raw)-1000]), fmt.Sprintf("%d bytes", len(raw)-1000))
}

func TestArchiveWithAnotherLibraryIsRefused(t *testing.T) {
	raw := archive(t, whole())
	pins := pinned(raw)
	pins[0].Files[0].SHA256 = strings.Repeat("0", 64)
	refused(t, pins, serve(raw), "is not what")
}

// The hash of the archive is right here: what is pinned is itself hostile.
func TestHostileArchivesAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		entries []entry
		want    string
	}{
		"a link in place of the library": {[]entry{{"package/x64/lib.so", tar.TypeSymlink, nil}, {"package/arm64/lib.so", tar.TypeReg, arm64}}, "not one regular file"},
		"the library twice":              {append(whole(), entry{"package/x64/lib.so", tar.TypeReg, []byte("evil")}), "not one regular file"},
		"no library":                     {whole()[:3], "package/arm64/lib.so"},
	} {
		t.Run(name, func(t *testing.T) {
			raw := archive(t, c.entries)
			refused(t, pinned(raw), serve(raw), c.want)
		})
	}
	t.Run("no archive", func(t *testing.T) {
		raw := []byte("<html>log in to the proxy</html>")
		refused(t, pinned(raw), serve(raw), "unpack the archive")
	})
}

// refused fetches, and wants an error with some words, and no archive left over.
func refused(t *testing.T, pins onnxruntime.Pins, answer http.HandlerFunc, want string) {
	t.Helper()
	source, _ := registry(t, answer)
	l, err := source.Fetch(t.Context(), pins, onnxruntime.CPU, "amd64")
	if err == nil {
		t.Fatalf("it was taken: %v", l)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("%v; want %q in it", err, want)
	}
	left, err := filepath.Glob(filepath.Join(source.Cache, "archive-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left over: %q (%v)", left, err)
	}
}

func TestCutConnectionIsResumed(t *testing.T) {
	raw := archive(t, whole())
	var ranges []string
	source, _ := registry(t, func(w http.ResponseWriter, r *http.Request) {
		ranges = append(ranges, r.Header.Get("Range"))
		if len(ranges) < 3 {
			w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
			if r.Header.Get("Range") != "" {
				panic(http.ErrAbortHandler) // nothing at all this time
			}
			w.Write(raw[:100_000])
			panic(http.ErrAbortHandler)
		}
		serve(raw)(w, r)
	})
	if _, err := source.Fetch(t.Context(), pinned(raw), onnxruntime.CPU, "amd64"); err != nil {
		t.Fatal(err)
	}
	if len(ranges) != 3 || ranges[0] != "" || !strings.HasPrefix(ranges[2], "bytes=") || ranges[2] == "bytes=0-" {
		t.Errorf("asked for %q; want the whole, then twice the rest", ranges)
	}
}

func TestFailingRegistryIsAskedAgain(t *testing.T) {
	raw := archive(t, whole())
	for code, c := range map[int]struct {
		want int32
		ok   bool
	}{http.StatusServiceUnavailable: {2, true}, http.StatusTooManyRequests: {2, true}, http.StatusNotFound: {1, false}, http.StatusForbidden: {1, false}} {
		first := true
		source, requests := registry(t, func(w http.ResponseWriter, r *http.Request) {
			if first {
				first = false
				http.Error(w, "no", code)
				return
			}
			serve(raw)(w, r)
		})
		_, err := source.Fetch(t.Context(), pinned(raw), onnxruntime.CPU, "amd64")
		if (err == nil) != c.ok || requests.Load() != c.want {
			t.Errorf("%d: %d requests, %v; want %d, success %t", code, requests.Load(), err, c.want, c.ok)
		}
		if err != nil && !strings.Contains(err.Error(), onnxruntime.RegistryVariable) {
			t.Errorf("%d: %v; want the variable that names another registry", code, err)
		}
	}
}

func TestRegistryComesFromTheEnvironmentAsNpmHasIt(t *testing.T) {
	for _, c := range []struct{ name, value, want string }{
		{"npm_config_registry", "https://a.example/npm", "https://a.example/npm"},
		{"NPM_CONFIG_REGISTRY", "https://b.example", "https://b.example"},
		{"", "", onnxruntime.DefaultRegistry},
	} {
		got := onnxruntime.NewSource("", func(name string) string {
			if name == c.name {
				return c.value
			}
			return ""
		}).Registry
		if got != c.want {
			t.Errorf("%s=%s gives %s", c.name, c.value, got)
		}
	}
}
