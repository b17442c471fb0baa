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

func (f folder) Open(_ context.Context, name string, offset int64) (io.ReadCloser, error) {
	file, err := os.Open(filepath.Join(string(f), filepath.FromSlash(name)))
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (f folder) Permanent(err error) bool {
	return errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)
}
