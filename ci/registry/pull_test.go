package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// first is the first layer of an image.
func first(t *testing.T, img v1.Image) (v1.Layer, v1.Hash) {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := layers[0].Digest()
	if err != nil {
		t.Fatal(err)
	}
	return layers[0], digest
}

// What is wrong with an image at the registry is told, and no byte of a wrong
// layer is handed out.
func TestPullRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(w *world, layer v1.Hash, ref name.Digest) fault
		want  []string
	}{
		"manifest names a blob that is missing": {func(w *world, layer v1.Hash, _ name.Digest) fault {
			return times(1000, "/blobs/"+layer.String(), status(404))
		}, []string{"layer 1 of ", "which the registry does not have", "check that the image was pushed"}},
		"layer shorter than the manifest says": {func(w *world, layer v1.Hash, _ name.Digest) fault {
			return times(1000, "HEAD /v2/mlfleet/inference/blobs/"+layer.String(), func(rw http.ResponseWriter, _ *http.Request) bool {
				rw.Header().Set("Content-Length", "100")
				return true
			})
		}, []string{"layer 1 of ", "has 100 bytes, the manifest says ", "truncated"}},
		"layer truncated when it is read": {func(w *world, layer v1.Hash, _ name.Digest) fault {
			return w.changed("/blobs/"+layer.String(), func(b []byte) []byte { return b[:len(b)/2] })
		}, []string{"pull layer 1 of ", "sha256"}},
		"layer longer when it is read": {func(w *world, layer v1.Hash, _ name.Digest) fault {
			return w.changed("/blobs/"+layer.String(), func(b []byte) []byte { return append(b, "more"...) })
		}, []string{"pull layer 1 of ", "other than the ", "bytes that the manifest says"}},
		"layer tampered with, same size": {func(w *world, layer v1.Hash, _ name.Digest) fault {
			return w.changed("/blobs/"+layer.String(), func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}, []string{"pull layer 1 of ", "sha256", "will fail again"}},
		"manifest tampered with": {func(w *world, _ v1.Hash, ref name.Digest) fault {
			return w.changed("/manifests/"+ref.DigestStr(), func(b []byte) []byte { return append(b, ' ') })
		}, []string{"pull ", "manifest digest", "does not match requested digest"}},
		"manifest that is no JSON": {func(w *world, _ v1.Hash, ref name.Digest) fault {
			return w.changed("/manifests/"+ref.DigestStr(), func([]byte) []byte { return []byte("<html>") })
		}, []string{"pull ", "digest"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			img, ref := w.push(t)
			_, layer := first(t, img)
			w.fails(c.fault(w, layer, ref))
			pulled, err := w.client.Image(t.Context(), ref, v1.Platform{})
			if err == nil {
				layers, lerr := pulled.Layers()
				if lerr != nil {
					t.Fatal(lerr)
				}
				var body io.ReadCloser
				if body, err = layers[0].Compressed(); err == nil {
					body.Close()
				}
			}
			wantError(t, err, append(c.want, ref.DigestStr())...)
			if left, err := os.ReadDir(w.client.cache); err == nil && len(left) != 0 {
				t.Errorf("%s was kept", left[0].Name())
			}
			w.fails(nil)
			w.whole(t, ref)
		})
	}
}

// put puts a manifest at the registry, whatever it says.
func (w *world) put(t *testing.T, m any, media types.MediaType) name.Digest {
	t.Helper()
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+w.host+"/v2/mlfleet/inference/manifests/"+digest.String(), bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", string(media))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		t.Fatalf("the registry answers %s", resp.Status)
	}
	return w.repo(t).Digest(digest.String())
}

// A manifest that lies about what it names.
func TestPullRefusesManifest(t *testing.T) {
	w := newWorld(t)
	img, _ := w.push(t)
	for name, c := range map[string]struct {
		change func(m *v1.Manifest)
		want   string
	}{
		"wrong size of a layer":      {func(m *v1.Manifest) { m.Layers[1].Size++ }, "layer 2 of "},
		"wrong size of the config":   {func(m *v1.Manifest) { m.Config.Size-- }, "pull the config of "},
		"a layer that is nowhere":    {func(m *v1.Manifest) { m.Layers[0].Digest.Hex = strings.Repeat("a", 64) }, "which the registry does not have"},
		"fewer layers than diff IDs": {func(m *v1.Manifest) { m.Layers = m.Layers[:1] }, "the config knows 2 layers, the manifest names 1"},
		"a digest of wrong length":   {func(m *v1.Manifest) { m.Layers[0].Digest.Hex = "abcd" }, "wrong number of hex digits"},
		"a config that is a layer":   {func(m *v1.Manifest) { m.Config = m.Layers[0] }, "pull the config of "},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := img.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			m = m.DeepCopy()
			c.change(m)
			ref := w.put(t, m, m.MediaType)
			_, err = w.client.Image(t.Context(), ref, v1.Platform{})
			wantError(t, err, c.want, ref.DigestStr())
		})
	}
	t.Run("an index whose entry has another size", func(t *testing.T) {
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{
			{MediaType: types.DockerManifestSchema2, Digest: digest, Size: 1, Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}},
		}}
		ref := w.put(t, index, types.OCIImageIndex)
		_, err = w.client.Index(t.Context(), ref)
		wantError(t, err, "the index says 1", digest.String())
		_, err = w.client.Image(t.Context(), ref, v1.Platform{OS: "linux", Architecture: "amd64"})
		wantError(t, err, "the index says 1")
		_, err = w.client.Image(t.Context(), ref, v1.Platform{OS: "linux", Architecture: "s390x"})
		wantError(t, err, "s390x")
	})
	t.Run("an image is no index", func(t *testing.T) {
		_, ref := w.push(t)
		_, err := w.client.Index(t.Context(), ref)
		wantError(t, err, "an index of images was expected")
	})
}

// The contents are what the config names, whatever the manifest's digest says.
func TestWrongDiffID(t *testing.T) {
	w := newWorld(t)
	img, _ := w.push(t)
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs[0].Hex = strings.Repeat("b", 64)
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	changed, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err = mutate.ConfigFile(changed, config); err != nil {
		t.Fatal(err)
	}
	ref, err := w.client.Push(t.Context(), w.repo(t), changed)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := w.client.Image(t.Context(), ref, v1.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, read(pulled), "layer 1 of ", "the config says sha256:bbbb")
}

// A download that is cut goes on where it broke off.
func TestCutDownload(t *testing.T) {
	for name, c := range map[string]struct {
		cuts   int
		ranges bool // whether the registry knows Range
		fails  bool
	}{
		"twice":                     {2, true, false},
		"twice, ranges are ignored": {2, false, false},
		"for ever":                  {1 << 30, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			img, ref := w.push(t)
			layer, digest := first(t, img)
			size, err := layer.Size()
			if err != nil {
				t.Fatal(err)
			}
			var ranged atomic.Int64 // requests for a part
			w.fails(times(c.cuts, "GET /v2/mlfleet/inference/blobs/"+digest.String(), func(rw http.ResponseWriter, r *http.Request) bool {
				if r.Header.Get("Range") != "" {
					ranged.Add(1)
				}
				body := ask(w.inner, withoutRange(r)).body.Bytes()
				from, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), fmt.Sprintf("-%d", size-1)), 10, 64)
				rw.Header().Set("Content-Length", strconv.FormatInt(size-from, 10))
				if from > 0 {
					rw.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, size-1, size))
					rw.WriteHeader(http.StatusPartialContent)
				}
				rw.Write(body[from : from+1000]) // it is about to hang up anyway
				rw.(http.Flusher).Flush()
				panic(http.ErrAbortHandler)
			}))
			inner := w.inner
			w.inner = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Range") != "" {
					ranged.Add(1)
				}
				if !c.ranges {
					r = withoutRange(r)
				}
				inner.ServeHTTP(rw, r)
			})
			pulled, err := w.client.Image(t.Context(), ref, v1.Platform{})
			if err != nil {
				t.Fatal(err)
			}
			err = read(pulled)
			if c.fails {
				wantError(t, err, "pull layer 1 of ", w.host, "after 4 attempts", "was cut at byte", fmt.Sprintf("of %d", size), "can be reached")
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if n := w.count("GET /v2/mlfleet/inference/blobs/" + digest.String()); n != c.cuts+1 || ranged.Load() != int64(c.cuts) {
				t.Errorf("the layer was asked for %d times, %d of them for the rest; want %d and %d", n, ranged.Load(), c.cuts+1, c.cuts)
			}
		})
	}
}

func withoutRange(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Del("Range")
	return r
}

// A layer is downloaded once, and one that was harmed in the cache again.
func TestPullCache(t *testing.T) {
	w := newWorld(t)
	img, ref := w.push(t)
	_, digest := first(t, img)
	pull := func() {
		t.Helper()
		pulled, err := w.client.Image(t.Context(), ref, v1.Platform{})
		if err != nil {
			t.Fatal(err)
		}
		if err := read(pulled); err != nil {
			t.Fatal(err)
		}
	}
	pull()
	w.forget()
	pull()
	if n := w.count("GET /v2/mlfleet/inference/blobs/" + digest.String()); n != 0 {
		t.Errorf("a layer in the cache was downloaded %d times", n)
	}
	kept := filepath.Join(w.client.cache, digest.Hex)
	raw, err := os.ReadFile(kept)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(kept, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	pull()
	if n := w.count("GET /v2/mlfleet/inference/blobs/" + digest.String()); n != 1 {
		t.Errorf("a layer that was harmed in the cache was downloaded %d times, want once", n)
	}
}

// An index keeps what is no image in it (attestations of other tools) and can
// be pushed elsewhere as it is.
func TestIndexPulledAndPushed(t *testing.T) {
	w := newWorld(t)
	index, err := random.Index(10_000, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := w.client.Push(t.Context(), w.repo(t), index)
	if err != nil {
		t.Fatal(err)
	}
	pulled, err := w.client.Index(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	other := newWorld(t)
	got, err := other.client.Push(t.Context(), other.repo(t), pulled, "copy")
	if err != nil {
		t.Fatal(err)
	}
	if got.DigestStr() != ref.DigestStr() {
		t.Errorf("the copy has the digest %s, want %s", got.DigestStr(), ref.DigestStr())
	}
	again, err := other.client.Index(t.Context(), got)
	if err != nil {
		t.Fatal(err)
	}
	m, err := again.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range m.Manifests {
		img, err := again.Image(d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := read(img); err != nil {
			t.Error(err)
		}
	}
}

func TestPullCancelled(t *testing.T) {
	w := newWorld(t)
	_, ref := w.push(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.client.Image(ctx, ref, v1.Platform{})
	wantError(t, err, "context canceled", "stopped from here", "after 1 attempt:")
}

func TestReferences(t *testing.T) {
	client := newClient(t, Config{})
	hex := strings.Repeat("a", 64)
	for given, want := range map[string]string{
		"ghcr.io/mlfleet/inference@sha256:" + hex:                  "",
		"ghcr.io/mlfleet/inference:main@sha256:" + hex:             "",
		"docker.io/library/debian@sha256:" + hex:                   "",
		"ghcr.io/mlfleet/inference:main":                           "has no digest; a tag may point elsewhere tomorrow",
		"ghcr.io/mlfleet/inference":                                "has no digest",
		"mlfleet/inference@sha256:" + hex:                          "names no registry; write for example ghcr.io/mlfleet/inference",
		"ghcr.io/mlfleet/inference@sha256:" + hex[:63]:             "read the image reference",
		"ghcr.io/mlfleet/inference@sha256:" + hex + "a":            "read the image reference",
		"ghcr.io/mlfleet/inference@sha256:" + strings.ToUpper(hex): "read the image reference",
		"ghcr.io/mlfleet/inference@md5:" + hex[:32]:                "read the image reference",
		"ghcr.io/../inference@sha256:" + hex:                       "read the image reference",
		"":                                                         "read the image reference",
	} {
		_, err := client.Digest(given)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", given, err)
		case want != "":
			wantError(t, err, want)
		}
	}
}
