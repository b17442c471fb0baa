package files

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// MaxSize is the most bytes that a file may have. Argo CD's repository server refuses
// directories of more than 10 MB together (--max-combined-directory-manifests-size).
const MaxSize = 10 << 20

// Files maps slash-separated paths, from the fleet's root, to contents.
type Files map[string][]byte

// Folder reads all files below the given folders of a file system, and the given files.
// A folder that does not exist holds none. The findings are files that Argo CD could not
// read, either.
func Folder(fsys fs.FS, folders ...string) (Files, []finding.Finding, error) {
	out := Files{}
	var found []finding.Finding
	for _, folder := range folders {
		err := fs.WalkDir(fsys, folder, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !manifest(name) {
				return err
			}
			unreadable, err := out.add(fsys, name, d.Type())
			if unreadable != nil {
				found = append(found, *unreadable)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("reading %s: %w", folder, err)
		}
	}
	return out, found, nil
}

func (f Files) add(fsys fs.FS, name string, mode fs.FileMode) (*finding.Finding, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil && mode&fs.ModeSymlink != 0:
		return brokenLink(name, err), nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, nil // a link to a folder, a socket: Argo CD passes over them
	case info.Size() > MaxSize:
		return tooLarge(name, info.Size()), nil
	}
	f[name], err = fs.ReadFile(fsys, name)
	return nil, err
}

// brokenLink is a link that cannot be followed. One that leads out of the repository
// makes Argo CD refuse all of it, one to nothing is passed over with a line in a log.
func brokenLink(name string, err error) *finding.Finding {
	message := "this link leads out of the fleet, and Argo CD reads nothing of a repository with a link that leads out of it"
	if errors.Is(err, fs.ErrNotExist) {
		message = "this link leads nowhere, and Argo CD passes over it"
	}
	return &finding.Finding{Kind: finding.Unreadable, File: name, Message: message, Fix: "put the file in its place, or remove it"}
}

func tooLarge(name string, size int64) *finding.Finding {
	return &finding.Finding{Kind: finding.Unreadable, File: name,
		Message: fmt.Sprintf("the file has %d bytes, and Argo CD reads no more than %d", size, MaxSize), Fix: "run 'mlfleet generate'"}
}

// manifest tells whether Argo CD reads a file of that name as YAML or JSON.
func manifest(name string) bool {
	switch path.Ext(name) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}
