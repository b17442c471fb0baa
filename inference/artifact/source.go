package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// A Source is a place with files.
type Source interface {
	// Open reads a file from an offset on. At or beyond the end it returns an
	// empty reader.
	Open(ctx context.Context, name string, offset int64) (io.ReadCloser, error)
	// Permanent says whether an error will not go away by trying again.
	Permanent(err error) bool
}

// NewSource opens the source of an artifact: s3://bucket/prefix or
// file:///folder.
func NewSource(uri string, s3 S3Options) (Source, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("artifact %q: %w", uri, err)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, fmt.Errorf("artifact %q: only a scheme and a path are expected", u.Redacted())
	}
	switch u.Scheme {
	case "s3":
		if u.Host == "" {
			return nil, fmt.Errorf("artifact %q: want s3://bucket/prefix", uri)
		}
		return newS3(u.Host, strings.Trim(u.Path, "/"), s3)
	case "file":
		if u.Host != "" || !filepath.IsAbs(u.Path) {
			return nil, fmt.Errorf("artifact %q: want file:///folder", uri)
		}
		return folder(u.Path), nil
	}
	return nil, fmt.Errorf("artifact %q: want s3://bucket/prefix or file:///folder", uri)
}

// folder is a source on the local file system: a mounted volume.
type folder string

// Open implements Source. What is not a regular file within the folder is an
// error: a link may lead out of it, and opening a pipe waits for its other end.
func (f folder) Open(_ context.Context, name string, offset int64) (io.ReadCloser, error) {
	root, err := os.OpenRoot(string(f))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	file, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &permanent{fmt.Errorf("%s is not a regular file", name)}
	}
	if err == nil {
		_, err = file.Seek(offset, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (f folder) Permanent(err error) bool {
	var path *os.PathError
	if errors.As(err, &path) && !errors.As(path.Err, new(syscall.Errno)) {
		return true // not the system's word but the root's: the path leads out of it
	}
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)
}
