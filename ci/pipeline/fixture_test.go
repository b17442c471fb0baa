package pipeline_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/registry"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
	"github.com/mlfleet/mlfleet/ci/sign"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // Trivy logs there
	os.Exit(m.Run())
}

const (
	ours     = "ghcr.io/mlfleet/inference"
	revision = "1a2b3c4d5e6f1a2b3c4d5e6f1a2b3c4d5e6f1a2b"
)

// world is a pipeline with a registry that can be told to fail.
type world struct {
	*pipeline.Pipeline
	repository name.Repository
	image      v1.Image
	now        time.Time
	writes     atomic.Int64 // so far
	failFrom   int64        // writes from this one on answer 500; 0: none does
	pins       []string
	store      atomic.Pointer[http.Handler]
}

func newWorld(t *testing.T, img v1.Image) *world {
	t.Helper()
	w := &world{image: img, now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	w.store.Store(newRegistry())
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			if n := w.writes.Add(1); w.failFrom > 0 && n >= w.failFrom {
				http.Error(rw, "the disk is full", http.StatusInternalServerError)
				return
			}
		}
		(*w.store.Load()).ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	client, err := registry.New(registry.Config{
		Mirrors:  map[string]string{"ghcr.io": strings.TrimPrefix(server.URL, "http://")},
		Attempts: 1, Cache: t.TempDir(),
	})
	check(t, err)
	w.repository, err = name.NewRepository(ours)
	check(t, err)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	signer, err := sign.NewPrivateKey(private)
	check(t, err)
	key, err := sign.NewKey(signer.Public())
	check(t, err)
	w.Pipeline = &pipeline.Pipeline{
		Client: client, Store: &sign.Store{Client: client}, Signer: signer, Keys: []sign.Key{key},
		Requirements: sign.Requirements{SBOM: true, Scan: true, Provenance: true, MaxScanAge: 48 * time.Hour},
		Gate:         gate(t, w.now),
		Builder:      &pipeline.Builder{ID: "https://example.com/builder"},
		Clock:        func() time.Time { return w.now },
		Pin: func(_ context.Context, ref string) (bool, error) {
			w.pins = append(w.pins, ref)
			return true, nil
		},
	}
	return w
}

// gate has the policy and the advisories of the repository.
func gate(t *testing.T, now time.Time) *pipeline.Gate {
	t.Helper()
	rules, err := policy.Read("../policy.yaml")
	check(t, err)
	file, err := advisory.Read("../advisories.yaml")
	check(t, err)
	dir := filepath.Join(t.TempDir(), "db")
	_, err = advisory.Build(dir, file, now)
	check(t, err)
	db, err := advisory.Open(dir, now, rules.Database.ReviewedMaximumAge)
	check(t, err)
	t.Cleanup(func() { check(t, db.Close()) })
	return &pipeline.Gate{Policy: rules, Digest: strings.Repeat("0", 64), DB: db, Origin: "ci/advisories.yaml"}
}

// build gives the world's image for two platforms, as a build does.
func (w *world) build(context.Context, func(string)) (*pipeline.Built, error) {
	b := &pipeline.Built{
		Index: empty.Index, Tag: "main-1a2b3c4d5e6f", Source: "https://github.com/mlfleet/mlfleet", Revision: revision, Base: "debian",
		Layers:    []pipeline.Layer{{Name: "base", Platform: "linux/amd64", Digest: "sha256:" + strings.Repeat("b", 64), Size: 1234567, Reused: true}},
		Materials: []pipeline.Material{{URI: "pkg:golang/example.com/x@v1.0.0", Digest: map[string]string{"sha256": strings.Repeat("c", 64)}}},
	}
	for _, architecture := range []string{"amd64", "arm64"} {
		config, err := w.image.ConfigFile()
		if err != nil {
			return nil, fmt.Errorf("reading the test image: %w", err)
		}
		config = config.DeepCopy()
		config.Architecture = architecture
		img, err := mutate.ConfigFile(w.image, config)
		if err != nil {
			return nil, fmt.Errorf("changing the test image: %w", err)
		}
		b.Images = append(b.Images, pipeline.Platform{Name: "linux/" + architecture, Image: img})
		b.Index = mutate.AppendManifests(b.Index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}},
		})
	}
	return b, nil
}

// clean is Debian with nothing that blocks, and some secret if one is given.
func clean(t *testing.T, more ...string) v1.Image {
	t.Helper()
	entries := append(testimage.Debian()[:3:3], testimage.Regular("var/lib/dpkg/status.d/libc6", testimage.Stanza("libc6", "2.36-9+deb12u14", "Source: glibc\n")))
	for i, text := range more {
		entries = append(entries, testimage.Regular(fmt.Sprintf("etc/more-%d", i), text))
	}
	return testimage.Image(t, testimage.Layer(t, entries...))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// restart empties the registry and forgets what was pinned.
func (w *world) restart() {
	w.store.Store(newRegistry())
	w.writes.Store(0)
	w.pins = nil
}

func newRegistry() *http.Handler {
	store := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)), ggcr.WithReferrersSupport(true))
	return &store
}

func newKey(t *testing.T) sign.Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	key, err := sign.NewKey(private.Public())
	check(t, err)
	return key
}
