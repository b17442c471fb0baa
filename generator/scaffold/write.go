package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// inTheWay lists what stands in the folder where a new fleet's files go. A folder
// that is shared with others (.github) may be there; one that is the fleet's own
// may not, because what it holds would become part of the fleet.
func inTheWay(root *os.Root, paths []string) ([]string, error) {
	var found []string
	for _, p := range append([]string{"golden"}, paths...) {
		for _, at := range ancestry(p) {
			info, err := root.Lstat(at)
			if errors.Is(err, fs.ErrNotExist) {
				break
			}
			if err != nil {
				return nil, err
			}
			if shared := info.IsDir() && strings.HasPrefix(at, ".") && at != p; !shared {
				found = append(found, at)
				break
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// ancestry is a path and the folders it is in, the outermost first.
func ancestry(p string) []string {
	var out []string
	for ; p != "."; p = path.Dir(p) {
		out = append(out, p)
	}
	slices.Reverse(out)
	return out
}

// writeAll makes all of the files, or none.
func writeAll(root *os.Root, files []tree.File) error {
	for i, f := range files {
		if err := write(root, f); err != nil {
			remove(root, files[:i])
			return ioError("write", path.Join(root.Name(), f.Path), err)
		}
	}
	return nil
}

// write makes a file that must not exist.
func write(root *os.Root, f tree.File) error {
	if err := root.MkdirAll(path.Dir(f.Path), 0o777); err != nil {
		return err
	}
	file, err := root.OpenFile(f.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(f.Data)
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, root.Remove(f.Path))
	}
	return nil
}

// remove takes back what was written, and the folders that are empty then. What
// cannot be removed stays; the error that led here is the one to tell.
func remove(root *os.Root, files []tree.File) {
	for _, f := range slices.Backward(files) {
		for at := f.Path; at != "."; at = path.Dir(at) {
			if root.Remove(at) != nil {
				break
			}
		}
	}
}

func ioError(op, path string, err error) error {
	if bare, ok := errors.AsType[*fs.PathError](err); ok {
		err = bare.Err
	}
	return &tree.IOError{Op: op, Path: path, Err: err}
}
