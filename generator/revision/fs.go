package revision

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"
)

// ReadFile returns the content of a file.
func (r *Revision) ReadFile(name string) ([]byte, error) {
	data, err := r.read("read", name)
	if err != nil {
		return nil, err
	}
	return data, nil
}

func (r *Revision) read(op, name string) ([]byte, error) {
	b, err := r.find(op, name)
	if err != nil {
		return nil, err
	}
	if !b.mode.IsRegular() {
		return nil, &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("not a file: %w", fs.ErrInvalid)}
	}
	data, err := r.batch.read(b.id)
	if err != nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: err}
	}
	return data, nil
}

// find is the file called name.
func (r *Revision) find(op, name string) (blob, error) {
	b, ok := r.files[name]
	switch {
	case !fs.ValidPath(name):
		return blob{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	case ok:
		return b, nil
	case r.folders[name] != nil:
		return blob{}, &fs.PathError{Op: op, Path: name, Err: fmt.Errorf("a folder: %w", fs.ErrInvalid)}
	}
	return blob{}, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// ReadDir lists a folder, sorted by name.
func (r *Revision) ReadDir(name string) ([]fs.DirEntry, error) {
	if entries, ok := r.folders[name]; ok {
		return slices.Clone(entries), nil
	}
	_, err := r.find("readdir", name)
	if err == nil {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fmt.Errorf("not a folder: %w", fs.ErrInvalid)}
	}
	return nil, err
}

// Stat describes a file or folder. It reads a file's content to know its size.
func (r *Revision) Stat(name string) (fs.FileInfo, error) {
	if _, ok := r.folders[name]; ok {
		return info{path.Base(name), fs.ModeDir | 0o555, 0}, nil
	}
	b, err := r.find("stat", name)
	if err != nil {
		return nil, err
	}
	if !b.mode.IsRegular() {
		return info{path.Base(name), b.mode, 0}, nil
	}
	data, err := r.read("stat", name)
	if err != nil {
		return nil, err
	}
	return info{path.Base(name), b.mode, int64(len(data))}, nil
}

// Open opens a file or folder.
func (r *Revision) Open(name string) (fs.File, error) {
	if entries, ok := r.folders[name]; ok {
		return &folder{info: info{path.Base(name), fs.ModeDir | 0o555, 0}, name: name, rest: entries}, nil
	}
	data, err := r.read("open", name)
	if err != nil {
		return nil, err
	}
	return file{bytes.NewReader(data), info{path.Base(name), r.files[name].mode, int64(len(data))}}, nil
}

// entry is a file or folder in the listing of its folder.
type entry struct {
	r    *Revision
	path string
	mode fs.FileMode
}

func (e entry) Name() string               { return path.Base(e.path) }
func (e entry) IsDir() bool                { return e.mode.IsDir() }
func (e entry) Type() fs.FileMode          { return e.mode.Type() }
func (e entry) Info() (fs.FileInfo, error) { return e.r.Stat(e.path) }
func (e entry) String() string             { return fs.FormatDirEntry(e) }

// info describes a file. Git keeps no times of files.
type info struct {
	name string
	mode fs.FileMode
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

// file is an open file: its content was read when it was opened.
type file struct {
	*bytes.Reader
	info info
}

func (f file) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f file) Close() error               { return nil }

// folder is an open folder.
type folder struct {
	info info
	name string
	rest []fs.DirEntry
}

func (f *folder) Stat() (fs.FileInfo, error) { return f.info, nil }
func (f *folder) Close() error               { return nil }

func (f *folder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.name, Err: fmt.Errorf("a folder: %w", fs.ErrInvalid)}
}

func (f *folder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(f.rest)
	} else if len(f.rest) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(f.rest))
	out := slices.Clone(f.rest[:n])
	f.rest = f.rest[n:]
	return out, nil
}
