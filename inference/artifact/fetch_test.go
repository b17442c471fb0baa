package artifact

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/mlfleet/mlfleet/inference/sums"
)

// store is an S3 server in this process with one artifact, whose answers a test
// may spoil.
func store(t *testing.T, spoil func(w http.ResponseWriter, r *http.Request, next http.Handler)) (o Options, size int) {
	t.Helper()
	dir := t.TempDir()
	content := strings.Repeat("weights ", 1<<17)
	for name, s := range map[string]string{"model.onnx": content, "config.json": "{}", "config.pbtxt": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sha, err := sums.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	memory := s3mem.New()
	if err := memory.CreateBucket("models"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"model.onnx", "config.json", "config.pbtxt", sums.File} {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		info, _ := f.Stat()
		if _, err := memory.PutObject("models", "m/3/"+name, map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}, f, info.Size(), nil); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	s3 := gofakes3.New(memory).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if spoil != nil {
			spoil(w, r, s3)
			return
		}
		s3.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	if os.Getenv("AWS_ACCESS_KEY_ID") == "" && !anyIdentity() {
		t.Setenv("AWS_ACCESS_KEY_ID", "id")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	}
	source, err := NewSource("s3://models/m/3", S3Options{Endpoint: server.URL, Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Source: source, SHA256: sha, Root: t.TempDir(), Model: "m", Version: "3",
		MaxBytes: 1 << 30, Patience: time.Minute, Backoff: time.Millisecond,
	}, len(content)
}

func visible(o Options) bool {
	_, err := os.Stat(filepath.Join(o.Root, o.Model, o.Version))
	return err == nil
}

func TestFetchFromS3(t *testing.T) {
	o, _ := store(t, nil)
	for range 2 { // the second time it is there already
		if err := Fetch(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := sums.Verify(t.Context(), filepath.Join(o.Root, "m", "3")); err != nil || got != o.SHA256 {
		t.Errorf("got %s, %v", got, err)
	}
	// Triton looks for it above the versions.
	if b, err := os.ReadFile(filepath.Join(o.Root, "m", "config.pbtxt")); err != nil || string(b) != "x" {
		t.Errorf("Triton's configuration: %q, %v", b, err)
	}
	var there []string
	for _, dir := range []string{"m", "m/3"} {
		entries, err := os.ReadDir(filepath.Join(o.Root, dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			there = append(there, dir+"/"+e.Name())
		}
	}
	if want := []string{"m/3", "m/config.pbtxt", "m/3/SHA256SUMS", "m/3/config.json", "m/3/config.pbtxt", "m/3/model.onnx"}; !slices.Equal(there, want) {
		t.Errorf("the folders hold %v, want %v", there, want)
	}
	o.SHA256 = strings.Repeat("0", 64)
	if err := Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another artifact") {
		t.Errorf("a second artifact of the same version: %v", err)
	}
}

func TestFetchGoesOnWhereItStopped(t *testing.T) {
	var cut atomic.Int32
	var resumed atomic.Bool
	o, size := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case cut.Add(1) <= 3: // the store is away
			w.WriteHeader(http.StatusServiceUnavailable)
		case strings.HasSuffix(r.URL.Path, "model.onnx") && r.Header.Get("Range") == "":
			w.Header().Set("Content-Length", "1048576")
			w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
			w.Write([]byte(strings.Repeat("weights ", 1000)))
			panic(http.ErrAbortHandler) // in the middle
		default:
			if strings.HasPrefix(r.Header.Get("Range"), "bytes=8000-") {
				resumed.Store(true)
			}
			next.ServeHTTP(w, r)
		}
	})
	if err := Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(o.Root, "m", "3", "model.onnx"))
	if err != nil || info.Size() != int64(size) || !resumed.Load() {
		t.Errorf("got %v, %v, resumed %v", info, err, resumed.Load())
	}
}

func TestFetchRefuses(t *testing.T) {
	t.Run("another SHA256SUMS", func(t *testing.T) {
		o, _ := store(t, nil)
		o.SHA256 = strings.Repeat("ab", 32)
		if err := Fetch(t.Context(), o); !errors.Is(err, sums.ErrMismatch) || visible(o) {
			t.Errorf("got %v, visible %v", err, visible(o))
		}
	})
	t.Run("another file", func(t *testing.T) {
		o, _ := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasSuffix(r.URL.Path, "model.onnx") {
				w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
				w.Write([]byte("evil"))
				return
			}
			next.ServeHTTP(w, r)
		})
		if err := Fetch(t.Context(), o); !errors.Is(err, sums.ErrMismatch) || visible(o) {
			t.Errorf("got %v, visible %v", err, visible(o))
		}
	})
	t.Run("too large", func(t *testing.T) {
		o, _ := store(t, nil)
		o.MaxBytes = 1000
		if err := Fetch(t.Context(), o); err == nil || visible(o) {
			t.Errorf("got %v, visible %v", err, visible(o))
		}
	})
	t.Run("a store that stays away", func(t *testing.T) {
		var asked atomic.Int32
		o, _ := store(t, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			asked.Add(1)
			w.WriteHeader(http.StatusInternalServerError)
		})
		ctx, cancel := context.WithTimeoutCause(t.Context(), 2*time.Second, errors.New("gave up after a while"))
		defer cancel()
		err := Fetch(ctx, o)
		if err == nil || visible(o) || asked.Load() < 3 {
			t.Fatalf("got %v, visible %v, asked %d times", err, visible(o), asked.Load())
		}
		for _, want := range []string{"gave up after a while", "s3://models/m/3/SHA256SUMS", "500"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q in it", err, want)
			}
		}
	})
	t.Run("a key that is not there", func(t *testing.T) {
		o, _ := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			r.URL.Path = strings.Replace(r.URL.Path, "m/3", "m/4", 1)
			next.ServeHTTP(w, r)
		})
		if err := Fetch(t.Context(), o); err == nil || visible(o) {
			t.Errorf("got %v, visible %v", err, visible(o))
		}
	})
}

func TestSourcesAreChecked(t *testing.T) {
	for _, uri := range []string{"", "http://x/y", "s3:///x", "file://host/x", "file:x", "s3://b/x?y", "s3://u:p@b/x"} {
		if _, err := NewSource(uri, S3Options{}); err == nil {
			t.Errorf("%q is accepted", uri)
		}
	}
}
