package registry

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
)

// A registry that fails for a while gets the whole image all the same.
func TestPushThroughFaults(t *testing.T) {
	for name, f := range map[string]fault{
		"500 three times at the start":       times(3, "", status(500)),
		"500 when an upload begins":          times(3, "POST ", status(500)),
		"502 in the middle of an upload":     times(3, "PATCH ", status(502)),
		"503 when an upload ends":            times(3, "PUT /v2/mlfleet/inference/blobs/", status(503)),
		"500 for the manifest":               times(3, "/manifests/", status(500)),
		"429 for the manifest":               times(3, "/manifests/", status(429)),
		"connection cut in an upload":        times(3, "PATCH ", cut),
		"connection cut before the manifest": times(3, "PUT /v2/mlfleet/inference/manifests/", cut),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.fails(f)
			img := randomImage(t)
			digest, err := w.client.Push(t.Context(), w.repo(t), img, "main")
			if err != nil {
				t.Fatal(err)
			}
			w.whole(t, digest)
			if got, err := w.client.Resolve(t.Context(), w.repo(t).Tag("main")); err != nil || got != digest {
				t.Errorf("main points to %v (%v), %v was pushed", got, err, digest)
			}
		})
	}
}

// A registry that never recovers gets the attempts that are configured, and the
// error says where, how often, and what to do.
func TestPushGivesUp(t *testing.T) {
	w := newWorld(t)
	w.fails(func(rw http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/v2/mlfleet/inference/blobs/uploads/") && status(500)(rw, r)
	})
	img, err := random.Image(1000, 0) // its config is its only blob
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.client.Push(t.Context(), w.repo(t), img, "main")
	wantError(t, err, "push "+w.host+"/mlfleet/inference@sha256:", "registry "+w.host, "after 4 attempts", "500",
		"no tag was moved", "run this again")
	if n := w.count("POST "); n != 4 {
		t.Errorf("an upload was begun %d times, 4 attempts are due", n)
	}
	if n := w.count("PUT "); n != 0 {
		t.Errorf("%d things were put after a blob failed", n)
	}
}

// Whatever fails during a push, a tag never names what is not whole: it stays
// where it was.
func TestTagsLast(t *testing.T) {
	w := newWorld(t)
	_, before := w.push(t, "main")
	for name, match := range map[string]string{
		"blobs fail":                "POST ",
		"the manifest fails":        "PUT /v2/mlfleet/inference/manifests/sha256:",
		"the tag itself fails":      "PUT /v2/mlfleet/inference/manifests/main",
		"a look at the blobs fails": "HEAD /v2/mlfleet/inference/blobs/",
	} {
		t.Run(name, func(t *testing.T) {
			w.fails(times(1000, match, status(500)))
			index, err := random.Index(1000, 1, 2)
			if err != nil {
				t.Fatal(err)
			}
			w.forget()
			if _, err := w.client.Push(t.Context(), w.repo(t), index, "main"); err == nil {
				t.Fatal("the push passed")
			}
			w.fails(nil)
			got, err := w.client.Resolve(t.Context(), w.repo(t).Tag("main"))
			if err != nil || got != before {
				t.Errorf("after a failed push main points to %v (%v), before it pointed to %v", got, err, before)
			}
			w.whole(t, got)
			// The next push goes on and moves the tag.
			after, err := w.client.Push(t.Context(), w.repo(t), index, "main")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.client.Index(t.Context(), after); err != nil {
				t.Errorf("the index is not whole: %v", err)
			}
			if before, err = w.client.Resolve(t.Context(), w.repo(t).Tag("main")); err != nil || before != after {
				t.Errorf("main points to %v (%v), %v was pushed", before, err, after)
			}
			_, before = w.push(t, "main") // an image again, for the next case
		})
	}
}

// What the registry has is not sent again.
func TestPushSendsWhatIsMissing(t *testing.T) {
	w := newWorld(t)
	img, _ := w.push(t)
	added, err := random.Layer(1000, "application/vnd.oci.image.layer.v1.tar+gzip")
	if err != nil {
		t.Fatal(err)
	}
	more, err := mutate.AppendLayers(img, added)
	if err != nil {
		t.Fatal(err)
	}
	w.forget()
	digest, err := newClient(t, Config{}).Push(t.Context(), w.repo(t), more)
	if err != nil {
		t.Fatal(err)
	}
	if n := w.count("PATCH "); n != 2 {
		t.Errorf("%d blobs were sent; the new layer and the new config are due", n)
	}
	w.whole(t, digest)
}

func TestPushRefusesBadTag(t *testing.T) {
	w := newWorld(t)
	_, err := w.client.Push(t.Context(), w.repo(t), randomImage(t), "main", "not a tag")
	wantError(t, err, `"not a tag" cannot be a tag`)
	if n := w.count(""); n != 0 {
		t.Errorf("%d requests were sent before the tags were read", n)
	}
}

func TestUnauthorised(t *testing.T) {
	for _, code := range []int{401, 403} {
		w := newWorld(t)
		w.fails(times(1000, "POST ", status(code)))
		_, err := w.client.Push(t.Context(), w.repo(t), randomImage(t))
		wantError(t, err, "after 1 attempt:", w.host, "docker login")
	}
}

func TestRetryAfter(t *testing.T) {
	asking := func(value string) fault {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", value)
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
	}
	t.Run("a second is waited for", func(t *testing.T) {
		w := newWorld(t)
		_, digest := w.push(t)
		w.fails(times(1, "HEAD ", asking("1")))
		began := time.Now()
		if _, err := w.client.Resolve(t.Context(), digest); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 900*time.Millisecond {
			t.Errorf("the next attempt came after %s, the registry asked for 1s", took)
		}
	})
	t.Run("an hour is not", func(t *testing.T) {
		w := newWorld(t)
		_, digest := w.push(t)
		w.fails(times(1, "HEAD ", asking("3600")))
		_, err := w.client.Resolve(t.Context(), digest)
		wantError(t, err, "after 1 attempt:", "429", "it asks to wait 1h0m0s", "wait for the rate limit")
	})
	t.Run("forms", func(t *testing.T) {
		date := "Mon, 23 Nov 2026 17:00:00 GMT"
		for value, want := range map[string]time.Duration{
			"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "99999999999999999999": 0,
			"Mon, 23 Nov 2026 17:00:30 GMT": 30 * time.Second, "Mon, 23 Nov 2026 16:00:00 GMT": 0,
		} {
			if got := retryAfter(http.Header{"Retry-After": {value}, "Date": {date}}); got != want {
				t.Errorf("Retry-After: %s is read as %s, want %s", value, got, want)
			}
		}
		if got := retryAfter(http.Header{"Retry-After": {date}}); got != 0 {
			t.Errorf("a date without the server's clock is read as %s", got)
		}
	})
}

// A cancelled push stops at once, also while it waits, and says that it was
// stopped from here.
func TestCancelled(t *testing.T) {
	w := newWorld(t)
	slow := newClient(t, Config{})
	slow.wait = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	w.fails(func(rw http.ResponseWriter, _ *http.Request) bool {
		cancel()
		rw.WriteHeader(http.StatusInternalServerError)
		return true
	})
	began := time.Now()
	_, err := slow.Push(ctx, w.repo(t), randomImage(t), "main")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v is not context.Canceled", err)
	}
	wantError(t, err, "stopped from here")
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	if n := w.count("PUT "); n != 0 {
		t.Errorf("%d things were put", n)
	}
}

// The registry is gone altogether.
func TestNobodyThere(t *testing.T) {
	client := newClient(t, Config{Attempts: 2})
	ref, err := client.Digest("127.0.0.1:1/app@sha256:" + strings.Repeat("a", 64))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Image(t.Context(), ref, v1.Platform{})
	wantError(t, err, "registry 127.0.0.1:1 failed after 2 attempts", "connection refused", "check that the registry can be reached")
	if n := attempts(t, err); n != 2 {
		t.Errorf("the error counts %d attempts, want 2", n)
	}
}
