package artifact

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestWaitsDoubleWithSomeChanceInThemUpToAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fetcher{Options: Options{Source: folder(""), Backoff: time.Second}}
		var waits []time.Duration
		last := time.Now()
		tries := 0
		err := f.retry(t.Context(), "a file", func() error {
			if tries++; tries > 1 {
				waits = append(waits, time.Since(last))
			}
			last = time.Now()
			if tries == 12 {
				return nil
			}
			return errors.New("away")
		})
		if err != nil || len(waits) != 11 {
			t.Fatalf("%v, %v", waits, err)
		}
		want := time.Second
		for i, w := range waits {
			if w < want/2 || w > want+time.Millisecond {
				t.Errorf("wait %d is %s, want %s to %s", i, w, want/2, want)
			}
			want = min(2*want, time.Minute)
		}
		long := waits[6:] // all around a minute
		if slices.Max(long) == slices.Min(long) {
			t.Errorf("there is no chance in the waits: %v", long)
		}
	})
}

func TestRetryEndsAtItsDeadlineAndAtErrorsThatStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fetcher{Options: Options{Source: folder(""), Backoff: time.Second}}
		gaveUp, away := errors.New("gave up after 15m"), errors.New("away")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 15*time.Minute, gaveUp)
		defer cancel()
		start := time.Now()
		err := f.retry(ctx, "a file", func() error { return away })
		if !errors.Is(err, gaveUp) || !errors.Is(err, away) || time.Since(start) != 15*time.Minute {
			t.Errorf("after %s: %v", time.Since(start), err)
		}
		for _, stays := range []error{&permanent{away}, fs.ErrNotExist, fs.ErrPermission} {
			tries := 0
			if err := f.retry(t.Context(), "a file", func() error { tries++; return stays }); !errors.Is(err, stays) || tries != 1 {
				t.Errorf("%v: tried %d times: %v", stays, tries, err)
			}
		}
	})
}

func TestFetchGoesOnWhereADeadOneStopped(t *testing.T) {
	var first atomic.Pointer[string]
	o, size := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "model.onnx") {
			at := r.Header.Get("Range")
			first.CompareAndSwap(nil, &at)
		}
		next.ServeHTTP(w, r)
	})
	staging := filepath.Join(o.Root, "m", ".staging-3-"+o.SHA256[:12])
	if err := os.MkdirAll(staging, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(staging, ".model.onnx.part"), []byte(strings.Repeat("weights ", 1<<16)), 0o644); err != nil {
		t.Fatal(err)
	}
	o.MaxBytes = int64(size) + 10_000 // what was there already counts once
	if err := Fetch(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if at := first.Load(); at == nil || *at != "bytes=524288-" {
		t.Errorf("model.onnx was asked for with Range %v", at)
	}
}

func TestARestOfAnotherObjectIsThrownAway(t *testing.T) {
	o, size := store(t, nil)
	staging := filepath.Join(o.Root, "m", ".staging-3-"+o.SHA256[:12])
	if err := os.MkdirAll(staging, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".model.onnx.part", "config.json"} {
		if err := os.WriteFile(filepath.Join(staging, name), []byte("of another object"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	o.MaxBytes = int64(size) + 10_000 // the download that was thrown away does not count
	if err := Fetch(t.Context(), o); err != nil || !visible(o) {
		t.Errorf("visible %v: %v", visible(o), err)
	}
}

func TestADownloadThatStandsStillIsBegunAgain(t *testing.T) {
	var stalled atomic.Bool
	o, _ := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "model.onnx") && stalled.CompareAndSwap(false, true) {
			w.Header().Set("Content-Length", "1048576")
			w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
			w.Write([]byte(strings.Repeat("weights ", 1000)))
			w.(http.Flusher).Flush()
			<-r.Context().Done() // and nothing more
			return
		}
		next.ServeHTTP(w, r)
	})
	o.Patience = 200 * time.Millisecond
	if err := Fetch(t.Context(), o); err != nil || !stalled.Load() {
		t.Errorf("stalled %v: %v", stalled.Load(), err)
	}
}

func TestTwoFetchesOfOneArtifactKeepOutOfEachOthersWay(t *testing.T) {
	begun, goOn := make(chan bool), make(chan bool)
	var once atomic.Bool
	o, _ := store(t, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if once.CompareAndSwap(false, true) {
			close(begun)
			<-goOn
		}
		next.ServeHTTP(w, r)
	})
	first := make(chan error)
	go func() { first <- Fetch(context.Background(), o) }()
	<-begun
	if err := Fetch(t.Context(), o); err == nil || !strings.Contains(err.Error(), "another fetch works in") {
		t.Errorf("the second: %v", err)
	}
	close(goOn)
	if err := <-first; err != nil || !visible(o) {
		t.Errorf("the first: %v", err)
	}
}
