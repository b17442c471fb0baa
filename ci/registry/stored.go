package registry

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/renameio/v2"
)

// maxManifest is the most bytes of a manifest: what the distribution
// specification asks registries to take at least.
const maxManifest = 4 << 20

// manifests keeps the manifests that a registry takes in a folder: one file for
// each tag and digest, named <repository>/<reference>, both escaped.
type manifests struct {
	dir   string
	inner http.Handler
}

// manifest is such a file.
type manifest struct {
	Repository string `json:"repository"`
	Reference  string `json:"reference"` // tag or digest
	MediaType  string `json:"mediaType"`
	Body       []byte `json:"body"`
}

func (m *manifests) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	repo, reference, ok := target(r.URL.Path)
	switch {
	case ok && r.Method == http.MethodPut:
		m.put(w, r, repo, reference)
	case ok && r.Method == http.MethodDelete:
		answer := ask(m.inner, r)
		if answer.code == http.StatusAccepted {
			if err := os.Remove(m.path(repo, reference)); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		answer.pass(w)
	default:
		m.inner.ServeHTTP(w, r)
	}
}

// put answers that a manifest was taken when it is on the disk.
func (m *manifests) put(w http.ResponseWriter, r *http.Request, repo, reference string) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxManifest))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	digest, _, err := v1.SHA256(bytes.NewReader(body))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if strings.Contains(reference, ":") && reference != digest.String() {
		http.Error(w, "the manifest has the digest "+digest.String(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := ask(m.inner, r)
	if answer.code == http.StatusCreated {
		for _, ref := range slices.Compact([]string{digest.String(), reference}) {
			if err := m.store(manifest{repo, ref, r.Header.Get("Content-Type"), body}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
	}
	answer.pass(w)
}

func (m *manifests) path(repo, reference string) string {
	return filepath.Join(m.dir, url.PathEscape(repo), url.PathEscape(reference)+".json")
}

func (m *manifests) store(f manifest) error {
	path := m.path(f.Repository, f.Reference)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	raw, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, raw, 0o644)
}

// restore gives the registry every manifest of the folder, indexes after what
// they name: those that it does not take yet are offered again as long as it
// took one of the others.
func (m *manifests) restore(ctx context.Context) error {
	waiting, err := m.load()
	if err != nil {
		return err
	}
	for len(waiting) > 0 {
		var left []manifest
		for _, f := range waiting {
			r, err := http.NewRequestWithContext(ctx, http.MethodPut, "/v2/"+f.Repository+"/manifests/"+f.Reference, bytes.NewReader(f.Body))
			if err != nil {
				return err
			}
			r.Header.Set("Content-Type", f.MediaType)
			if ask(m.inner, r).code != http.StatusCreated {
				left = append(left, f)
			}
		}
		if len(left) == len(waiting) {
			return fmt.Errorf("%s of %s does not fit what else is there (it names something that is missing); remove its file in %s and push it again",
				left[0].Reference, left[0].Repository, m.dir)
		}
		waiting = left
	}
	return nil
}

func (m *manifests) load() ([]manifest, error) {
	var all []manifest
	err := filepath.WalkDir(m.dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == m.dir {
			return fs.SkipDir
		}
		// What a process that died left behind is named .<name><random>.
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var f manifest
		if err := json.Unmarshal(raw, &f); err != nil {
			return fmt.Errorf("%s: %w; remove it and push again", path, err)
		}
		if sum := sha256.Sum256(f.Body); strings.Contains(f.Reference, ":") && f.Reference != fmt.Sprintf("sha256:%x", sum) {
			return fmt.Errorf("%s: it holds a manifest with the digest sha256:%x, not %s; remove it and push again", path, sum, f.Reference)
		}
		all = append(all, f)
		return nil
	})
	return all, err
}
