package tree

import (
	"errors"
	"io/fs"
	"iter"
	"path"
)

// Read streams the files of a tree that is already there, folder by folder in
// the order of their names: a folder on disk ([os.DirFS]), or one of a Git
// revision. A folder that does not exist is an empty tree. What a killed run
// left half-written is no part of it.
//
// Read does not ask for the header line; it is how old trees are compared, not
// how they are changed. It fails with an [IOError], also at anything that is
// neither a file nor a folder: a link could lead anywhere.
func Read(fsys fs.FS) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
			switch {
			case p == "." && errors.Is(err, fs.ErrNotExist):
				return fs.SkipAll
			case err != nil:
				return ioError("read", p, err)
			case d.IsDir() || path.Base(p) == temporary:
				return nil
			case !d.Type().IsRegular():
				return ioError("read", p, errors.New(kind(d.Type())+", not a file"))
			}
			data, err := fs.ReadFile(fsys, p)
			if err != nil {
				return ioError("read", p, err)
			}
			if !yield(File{Path: p, Data: data}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(File{}, err)
		}
	}
}

// kind names what is neither a file nor a folder.
func kind(m fs.FileMode) string {
	switch {
	case m&fs.ModeSymlink != 0:
		return "a symbolic link"
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	default:
		return "a special file"
	}
}
