package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// MaxSize is the most bytes that a file may have. Argo CD's repository server refuses
// directories of more than 10 MB together (--max-combined-directory-manifests-size).
const MaxSize = 10 << 20

// Files maps slash-separated paths, from the fleet's root, to contents.
type Files map[string][]byte

// Folder reads all files below the given folders of a file system, and the given files.
// A folder that does not exist holds none.
func Folder(fsys fs.FS, folders ...string) (Files, error) {
	out := Files{}
	for _, folder := range folders {
		err := fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			return out.add(fsys, name)
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("reading %s: %w", folder, err)
		}
	}
	return out, nil
}

func (f Files) add(fsys fs.FS, name string) error {
	if !manifest(name) {
		return nil
	}
	info, err := fs.Stat(fsys, name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil // a link to a folder, a socket: Argo CD passes over them
	}
	if info.Size() > MaxSize {
		return tooLarge(name, info.Size())
	}
	f[name], err = fs.ReadFile(fsys, name)
	return err
}

func tooLarge(name string, size int64) error {
	return fmt.Errorf("%s has %d bytes, and Argo CD reads no more than %d", name, size, MaxSize)
}

// manifest tells whether Argo CD reads a file of that name as YAML or JSON.
func manifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
