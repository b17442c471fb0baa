package image

import (
	"bufio"
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mlfleet/mlfleet/ci/layer"
)

const (
	models   = "inference/models" // in the repository: <model>/<version>/<files>
	sumsFile = "SHA256SUMS"
)

// modelFiles lists the files of every version of every model below a folder, as
// the model repository in the image has them: those that SHA256SUMS names, each
// with the hash that it names, and SHA256SUMS itself.
func modelFiles(dir string) ([]layer.Source, error) {
	// A glob of fs.FS, because the folder's own name may hold what a glob means
	// something by.
	versions, err := fs.Glob(os.DirFS(dir), path.Join("*", "*", sumsFile))
	if err != nil {
		return nil, fmt.Errorf("find the models: %w", err)
	}
	if len(versions) == 0 {
		return nil, fmt.Errorf("find the models: there is no MODEL/VERSION/%s below %s", sumsFile, dir)
	}
	var sources []layer.Source
	for _, sums := range versions {
		rel := path.Dir(sums)
		folder := filepath.Join(dir, filepath.FromSlash(rel))
		names, err := verifySums(folder)
		if err != nil {
			return nil, fmt.Errorf("the model %s: %w", rel, err)
		}
		for _, name := range append(names, sumsFile) {
			sources = append(sources, layer.Source{
				Path: filepath.Join(folder, filepath.FromSlash(name)), Name: path.Join("models", rel, name), Mode: 0o644,
			})
		}
	}
	return sources, nil
}

// verifySums compares a folder with its SHA256SUMS, as sha256sum -c does, and
// gives the names in it. It reads a file of this repository, so it is content
// with what cannot be misread: names inside of the folder, 64 hex digits.
func verifySums(folder string) ([]string, error) {
	raw, err := os.ReadFile(filepath.Join(folder, sumsFile))
	if err != nil {
		return nil, err
	}
	var names []string
	lines := bufio.NewScanner(bytes.NewReader(raw))
	for lines.Scan() {
		want, name, ok := strings.Cut(lines.Text(), "  ")
		if !ok || len(want) != 64 || !fs.ValidPath(name) {
			return nil, fmt.Errorf("%s: %q is not a line of sha256sum", sumsFile, lines.Text())
		}
		got, err := hashFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		if got != want {
			return nil, fmt.Errorf("%s has sha256 %s, and %s says %s", name, got, sumsFile, want)
		}
		names = append(names, name)
	}
	return names, lines.Err()
}
