package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/artifact"
	"github.com/mlfleet/mlfleet/inference/sums"
)

// TestAnObjectStoreThatGoesAwayChangesNothing serves a model that was fetched
// from a store, and then takes the store away.
func TestAnObjectStoreThatGoesAwayChangesNothing(t *testing.T) {
	bucket := t.TempDir()
	for _, v := range []string{"1", "2"} {
		scale(t, filepath.Join(bucket, "models"), v, float32(v[0]-'0'))
	}
	// To a client that only gets objects, a folder served over HTTP is a store.
	store := httptest.NewServer(http.FileServer(http.Dir(bucket)))
	defer store.Close()
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	fetch := func(ctx context.Context, root, version string) error {
		source, err := artifact.NewSource("s3://models/scale/"+version, artifact.S3Options{Endpoint: store.URL, Region: "us-east-1"})
		if err != nil {
			return err
		}
		sha, err := sums.Write(filepath.Join(bucket, "models", "scale", version))
		if err != nil {
			return err
		}
		return artifact.Fetch(ctx, artifact.Options{
			Source: source, SHA256: sha, Root: root, Model: "scale", Version: version,
			MaxBytes: 1 << 20, Patience: time.Second, Backoff: 10 * time.Millisecond,
		})
	}
	l := run(t, func(o *options) {
		o.Control = true
		o.write = func(t testing.TB, root string) {
			if err := fetch(t.Context(), root, "1"); err != nil {
				t.Fatal(err)
			}
		}
	})
	serves := func(what string) {
		t.Helper()
		if resp, b := l.do(t, "GET", "/v2/health/ready", nil); resp.StatusCode != http.StatusOK {
			t.Errorf("%s: ready answers %d %s", what, resp.StatusCode, b)
		}
		if version, y, err := l.askREST(http.DefaultClient); version != "1" || y != 3 || err != nil {
			t.Errorf("%s: version %s answers %v, %v", what, version, y, err)
		}
	}
	serves("with the store")
	store.Close()
	serves("without the store")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("gave up after 300ms"))
	defer cancel()
	err := fetch(ctx, l.root, "2")
	if err == nil || !strings.Contains(err.Error(), "gave up after 300ms") || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("a fetch without the store: %v", err)
	}
	if _, err := os.Stat(filepath.Join(l.root, "scale", "2")); err == nil {
		t.Error("a version is visible that was not fetched")
	}
	if err := l.load(t, false); err != nil {
		t.Errorf("a load beside a fetch that failed: %v", err)
	}
	serves("after a fetch that failed")
}
