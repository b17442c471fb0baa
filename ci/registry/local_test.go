package registry

import (
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// open opens the local registry in a folder, and a client that finds
// ghcr.io/mlfleet/inference there.
func open(t *testing.T, dir string) (*Local, *Client, name.Repository) {
	t.Helper()
	l, err := Open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := name.NewRepository("ghcr.io/mlfleet/inference")
	if err != nil {
		t.Fatal(err)
	}
	return l, newClient(t, Config{Attempts: 2, Mirrors: map[string]string{"ghcr.io": l.Address()}}), repo
}

func closed(t *testing.T, l *Local) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Images, indexes, tags and referrers are there after the registry was closed
// and opened again.
func TestLocalSurvives(t *testing.T) {
	dir := t.TempDir()
	l, client, repo := open(t, dir)
	index, err := random.Index(1000, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := client.Push(t.Context(), repo, index, "main", "latest")
	if err != nil {
		t.Fatal(err)
	}
	size, err := index.Size()
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	about := mutate.Subject(mutate.MediaType(randomImage(t), types.OCIManifestSchema1), v1.Descriptor{
		MediaType: types.OCIImageIndex, Digest: digest, Size: size,
	}).(v1.Image)
	signature, err := client.Push(t.Context(), repo, about)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, l)

	l, client, repo = open(t, dir)
	defer closed(t, l)
	for _, tag := range []string{"main", "latest"} {
		if got, err := client.Resolve(t.Context(), repo.Tag(tag)); err != nil || got != ref {
			t.Errorf("%s points to %v (%v), want %v", tag, got, err, ref)
		}
	}
	pulled, err := client.Index(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	for _, child := range entries(t, pulled).Manifests {
		img, err := pulled.Image(child.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := read(img); err != nil {
			t.Error(err)
		}
	}
	referrers, err := remote.Referrers(ref, client.Options(t.Context())...)
	if err != nil {
		t.Fatal(err)
	}
	if m := entries(t, referrers).Manifests; len(m) != 1 || m[0].Digest.String() != signature.DigestStr() {
		t.Errorf("the referrers are %v, want %s", m, signature.DigestStr())
	}
}

func entries(t *testing.T, i v1.ImageIndex) *v1.IndexManifest {
	t.Helper()
	m, err := i.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A deleted tag stays deleted, and what it pointed to stays.
func TestLocalDelete(t *testing.T) {
	dir := t.TempDir()
	l, client, repo := open(t, dir)
	ref, err := client.Push(t.Context(), repo, randomImage(t), "main")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Delete(repo.Tag("main"), client.Options(t.Context())...); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	l, client, repo = open(t, dir)
	defer closed(t, l)
	_, err = client.Resolve(t.Context(), repo.Tag("main"))
	wantError(t, err, "404")
	if _, err := client.Image(t.Context(), ref, v1.Platform{}); err != nil {
		t.Error(err)
	}
}

// One folder is served once at a time.
func TestLocalLock(t *testing.T) {
	dir := t.TempDir()
	one, _, _ := open(t, dir)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := Open(ctx, dir)
	wantError(t, err, dir, "process ", "is using it", "deadline exceeded")

	got := make(chan error, 1)
	go func() {
		two, err := Open(t.Context(), dir)
		if err == nil {
			err = two.Close()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("the second was opened (%v) while the first was open", err)
	case <-time.After(100 * time.Millisecond):
	}
	closed(t, one)
	if err := <-got; err != nil {
		t.Errorf("the second was not opened after the first: %v", err)
	}
}

// harm changes one byte in the file of a blob.
func harm(t *testing.T, dir string, h v1.Hash) {
	t.Helper()
	path := filepath.Join(dir, "blobs", h.Algorithm, h.Hex)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A blob that was harmed on the disk is not handed out; pushing the image again
// mends it.
func TestLocalHarmedBlob(t *testing.T) {
	dir := t.TempDir()
	l, client, repo := open(t, dir)
	img := randomImage(t)
	ref, err := client.Push(t.Context(), repo, img)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	_, digest := first(t, img)
	harm(t, dir, digest)

	l, client, repo = open(t, dir)
	defer closed(t, l)
	_, err = client.Image(t.Context(), ref, v1.Platform{})
	wantError(t, err, digest.String(), "which the registry does not have")
	if _, err := client.Push(t.Context(), repo, img); err != nil {
		t.Fatal(err)
	}
	pulled, err := client.Image(t.Context(), ref, v1.Platform{})
	if err != nil {
		t.Fatal(err)
	}
	if err := read(pulled); err != nil {
		t.Error(err)
	}
	// Harmed while the registry runs: the client's own check finds it.
	harm(t, dir, digest)
	fresh := newClient(t, Config{Attempts: 1, Mirrors: map[string]string{"ghcr.io": l.Address()}})
	if pulled, err = fresh.Image(t.Context(), ref, v1.Platform{}); err != nil {
		t.Fatal(err)
	}
	wantError(t, read(pulled), "pull layer 1 of ", "sha256")
}

// A manifest's file that was harmed, or that is half, is told by its path.
func TestLocalHarmedManifest(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"half":          func(raw []byte) []byte { return raw[:len(raw)/2] },
		"another image": func(raw []byte) []byte { return changeBody(t, raw) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l, client, repo := open(t, dir)
			ref, err := client.Push(t.Context(), repo, randomImage(t))
			if err != nil {
				t.Fatal(err)
			}
			closed(t, l)
			path := (&manifests{dir: filepath.Join(dir, "manifests")}).path("mlfleet/inference", ref.DigestStr())
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, harm(raw), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), dir)
			wantError(t, err, path, "remove it and push again")
			// The lock is free again.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			l, _, _ = open(t, dir)
			closed(t, l)
		})
	}
}

func changeBody(t *testing.T, raw []byte) []byte {
	t.Helper()
	var m manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	m.Body = append(m.Body, ' ')
	changed, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

// An index whose image is gone is told when the registry opens, not when a
// cluster pulls it.
func TestLocalMissingImage(t *testing.T) {
	dir := t.TempDir()
	l, client, repo := open(t, dir)
	index, err := random.Index(1000, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := client.Push(t.Context(), repo, index)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	child := entries(t, index).Manifests[0].Digest.String()
	if err := os.Remove((&manifests{dir: filepath.Join(dir, "manifests")}).path("mlfleet/inference", child)); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), dir)
	wantError(t, err, ref.DigestStr(), "names something that is missing")
}

// An upload that breaks off leaves nothing that is taken for a blob, nor do the
// remains of a process that died stop the next.
func TestLocalBrokenUpload(t *testing.T) {
	dir := t.TempDir()
	l, client, repo := open(t, dir)
	digest := "sha256:" + strings.Repeat("a", 64)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost,
		"http://"+l.Address()+"/v2/mlfleet/inference/blobs/uploads/?digest="+digest, strings.NewReader("something else"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("a blob that is not what its digest says was answered with %s", resp.Status)
	}
	if err := filepath.WalkDir(filepath.Join(dir, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			t.Errorf("%s was left behind", path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.Push(t.Context(), repo, randomImage(t)); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	remains := filepath.Join(dir, "manifests", "mlfleet%2Finference", ".main.json123456")
	if err := os.WriteFile(remains, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _, _ = open(t, dir)
	closed(t, l)
}

// A manifest under another's digest is refused, and so is one without an end.
func TestLocalRefusesManifest(t *testing.T) {
	l, _, _ := open(t, t.TempDir())
	defer closed(t, l)
	for body, want := range map[string]int{
		`{"schemaVersion":2}`:              http.StatusBadRequest,
		strings.Repeat(" ", maxManifest+1): http.StatusRequestEntityTooLarge,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut,
			"http://"+l.Address()+"/v2/app/manifests/sha256:"+strings.Repeat("a", 64), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", string(types.OCIManifestSchema1))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("a manifest of %d bytes is answered with %s, want %d", len(body), resp.Status, want)
		}
	}
}
