package layer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Source is a file on this machine and its name in a layer.
type Source struct {
	Path string      // on this machine
	Name string      // in the layer, as in a Tree
	Mode fs.FileMode // permission bits in the layer; what they are on this machine does not matter
}

// Folder lists the regular files below a folder as sources below a name, hidden
// ones left out. A link or device among them is an error: what it stands for
// depends on the machine.
func Folder(dir, name string, mode fs.FileMode) ([]Source, error) {
	var sources []Source
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != dir && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is %s; only regular files can go into an image", p, d.Type())
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		sources = append(sources, Source{Path: p, Name: path.Join(name, filepath.ToSlash(rel)), Mode: mode})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list %s for a layer: %w", dir, err)
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s holds no files; a layer of nothing would hide that something is missing", dir)
	}
	return sources, nil
}

// Files gives the layer of some files, each name once. Its key is the files'
// names, modes and contents, so it is compressed anew only when one of them
// changed.
func (c *Cache) Files(sources []Source) (v1.Layer, error) {
	parts := []string{"files 1"}
	sums := make(map[string]string, len(sources)) // by name
	for _, s := range slices.SortedFunc(slices.Values(sources), func(a, b Source) int { return strings.Compare(a.Name, b.Name) }) {
		if _, twice := sums[s.Name]; twice {
			return nil, fmt.Errorf("two files for a layer have the name %s, one of them %s", s.Name, s.Path)
		}
		sum, err := sum(s.Path)
		if err != nil {
			return nil, fmt.Errorf("read %s for a layer: %w", s.Path, err)
		}
		sums[s.Name] = sum
		parts = append(parts, s.Name, s.Mode.Perm().String(), sum)
	}
	return c.Layer(KeyOf(parts...), func() (Tree, error) {
		tree := make(Tree, len(sources))
		for _, s := range sources {
			body, err := os.ReadFile(s.Path)
			if err != nil {
				return nil, fmt.Errorf("read %s for a layer: %w", s.Path, err)
			}
			// A layer under another's key would be handed out for ever.
			if got := sha256.Sum256(body); hex.EncodeToString(got[:]) != sums[s.Name] {
				return nil, fmt.Errorf("%s changed while it was read for a layer; build again", s.Path)
			}
			tree[s.Name] = Entry{Mode: s.Mode.Perm(), Body: body}
		}
		return tree, nil
	})
}

func sum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
