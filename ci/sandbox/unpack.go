package sandbox

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
)

// maxUnpacked is the most bytes that an image may have on disk here. CUDA images
// have 10 GB.
const maxUnpacked = 32 << 30

// unpack writes an image's files, whiteouts applied, into a new folder. Names
// are resolved within it (os.Root): an entry or a link that leads out of it is an
// error.
func unpack(img v1.Image, dir string) (err error) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	files := mutate.Extract(img)
	defer files.Close()
	u := unpacker{root: root, left: maxUnpacked, modes: map[string]fs.FileMode{}}
	tr := tar.NewReader(files)
	for {
		h, err := tr.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack the image: %w", err)
		}
		if err := u.entry(h, tr); err != nil {
			return fmt.Errorf("unpack the image: %s: %w", h.Name, err)
		}
	}
	// Extract ends its archive properly when it fails, too: what went wrong (a
	// layer of another digest, a name that leaves the image) comes after the end.
	if _, err := io.Copy(io.Discard, files); err != nil {
		return fmt.Errorf("unpack the image: %w", err)
	}
	return u.finish()
}

type unpacker struct {
	root  *os.Root
	left  int64                  // bytes that may still come
	modes map[string]fs.FileMode // of folders, set when all is in them
	hard  [][2]string            // hard links, target and name; the last layer comes first, so the target may not be there yet
}

func (u *unpacker) entry(h *tar.Header, r io.Reader) error {
	name := path.Clean("./" + h.Name)
	if name == "." {
		return nil
	}
	if !fs.ValidPath(name) {
		return errors.New("the name leaves the image")
	}
	if err := u.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(h.Mode & 0o777)
	if h.Mode&0o1000 != 0 {
		mode |= fs.ModeSticky
	}
	switch h.Typeflag {
	case tar.TypeDir:
		u.modes[name] = mode
		return errors.Join(u.root.MkdirAll(name, 0o755), u.root.Lchown(name, h.Uid, h.Gid))
	case tar.TypeReg:
		return errors.Join(u.file(name, mode, h, r), u.root.Lchown(name, h.Uid, h.Gid))
	case tar.TypeSymlink:
		return u.root.Symlink(h.Linkname, name)
	case tar.TypeLink:
		u.hard = append(u.hard, [2]string{path.Clean("./" + h.Linkname), name})
	}
	return nil // devices and pipes: runc makes those that a process may have
}

func (u *unpacker) file(name string, mode fs.FileMode, h *tar.Header, r io.Reader) error {
	if u.left -= h.Size; u.left < 0 {
		return fmt.Errorf("the image is larger than %d bytes", int64(maxUnpacked))
	}
	f, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Chmod(mode), f.Close())
}

// finish makes what needs everything else to be there, and gives folders their
// modes, which may forbid writing into them.
func (u *unpacker) finish() error {
	for _, link := range u.hard {
		if err := u.root.Link(link[0], link[1]); err != nil {
			return fmt.Errorf("unpack the image: %s: %w", link[1], err)
		}
	}
	for name, mode := range u.modes {
		if err := u.root.Chmod(name, mode); err != nil {
			return fmt.Errorf("unpack the image: %s: %w", name, err)
		}
	}
	return nil
}
