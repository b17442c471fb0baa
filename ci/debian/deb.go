package debian

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/mlfleet/mlfleet/ci/layer"
)

// Limits on what a package may unpack to. Debian's largest that a server needs
// is libc6, with 13 MB and 500 entries.
const (
	maxUnpacked = 512 << 20 // bytes, both archives of a package together
	maxControl  = 1 << 20   // bytes of the control file, and of md5sums
	maxEntries  = 50_000
)

// limits is what one package may unpack to.
func limits() *budget { return &budget{bytes: maxUnpacked, files: maxUnpacked, entries: maxEntries} }

// contents is what a .deb holds.
type contents struct {
	control []byte // the paragraph that dpkg keeps in its status file
	sums    []byte // md5sums of the files
	tree    layer.Tree
}

// unpack reads a .deb. Nothing in it is trusted: an entry whose name or link
// leaves the root, a device, a second control archive, more bytes or entries
// than the limits are all errors.
func unpack(raw []byte, budget *budget) (*contents, error) {
	all, err := members(raw)
	if err != nil {
		return nil, err
	}
	if len(all) < 3 || all[0].name != "debian-binary" {
		return nil, errors.New("it is no Debian package: debian-binary, control and data are not its members")
	}
	if !bytes.HasPrefix(all[0].body, []byte("2.")) {
		return nil, fmt.Errorf("its format is %q, not 2.0", bytes.TrimSpace(all[0].body))
	}
	if !strings.HasPrefix(all[1].name, "control.tar") || !strings.HasPrefix(all[2].name, "data.tar") {
		return nil, fmt.Errorf("its members are %s, %s; control and data are expected", all[1].name, all[2].name)
	}
	for _, m := range all[3:] { // deb(5) lets others follow, to be ignored
		if strings.HasPrefix(m.name, "control.tar") || strings.HasPrefix(m.name, "data.tar") {
			return nil, fmt.Errorf("it has a second archive, %s", m.name)
		}
	}
	c := &contents{tree: layer.Tree{}}
	if err := budget.each(all[1], c.controlEntry); err != nil {
		return nil, fmt.Errorf("%s: %w", all[1].name, err)
	}
	if len(c.control) == 0 {
		return nil, fmt.Errorf("%s: there is no control file in it", all[1].name)
	}
	if err := budget.each(all[2], c.dataEntry); err != nil {
		return nil, fmt.Errorf("%s: %w", all[2].name, err)
	}
	return c, nil
}

func (c *contents) controlEntry(h *tar.Header, r io.Reader) error {
	into := map[string]*[]byte{"control": &c.control, "md5sums": &c.sums}[path.Clean(h.Name)]
	if into == nil || h.Typeflag != tar.TypeReg {
		return nil
	}
	if *into != nil {
		return fmt.Errorf("%s is in it twice", h.Name)
	}
	if h.Size > maxControl {
		return fmt.Errorf("%s has %d bytes; %d are the most", h.Name, h.Size, maxControl)
	}
	body, err := io.ReadAll(r)
	*into = body
	return err
}

func (c *contents) dataEntry(h *tar.Header, r io.Reader) error {
	name, err := inside(h.Name)
	if err != nil || name == "." {
		return err
	}
	if _, twice := c.tree[name]; twice {
		return fmt.Errorf("%s is in it twice", name)
	}
	// Owners other than root (base-files has a few folders of group staff) make
	// no difference where nobody but root could write.
	e := layer.Entry{Mode: fs.FileMode(h.Mode & 0o777)}
	if h.Mode&0o1000 != 0 {
		e.Mode |= fs.ModeSticky
	}
	switch h.Typeflag {
	case tar.TypeDir:
		e.Mode |= fs.ModeDir
	case tar.TypeReg:
		if e.Body, err = io.ReadAll(r); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	case tar.TypeLink:
		if e.Link, err = inside(h.Linkname); err != nil {
			return fmt.Errorf("%s: hard link: %w", name, err)
		}
	case tar.TypeSymlink:
		e.Mode, e.Link = fs.ModeSymlink|0o777, h.Linkname
		if _, err := inside(path.Join(path.Dir(name), h.Linkname)); !path.IsAbs(h.Linkname) && err != nil {
			return fmt.Errorf("%s is a link to %s, outside of the root", name, h.Linkname)
		}
	default:
		return fmt.Errorf("%s is of tar type %q; files, folders and links are what a package holds", name, h.Typeflag)
	}
	c.tree[name] = e
	return nil
}

// inside is the clean form of a name in a package, which may begin with "./".
func inside(name string) (string, error) {
	clean := path.Clean(strings.TrimSuffix(name, "/"))
	if strings.Contains(name, "\x00") || !fs.ValidPath(clean) {
		return "", fmt.Errorf("%q leaves the root", name)
	}
	return clean, nil
}

// budget is what may still be unpacked.
type budget struct {
	bytes   int64 // out of the decompressors, headers and padding included
	files   int64 // bytes of files; a sparse file has more than its archive
	entries int
}

// each reads a compressed tar archive.
func (b *budget) each(m member, visit func(*tar.Header, io.Reader) error) error {
	plain, err := decompressed(m)
	if err != nil {
		return err
	}
	tr := tar.NewReader(io.TeeReader(plain, b))
	for {
		h, err := tr.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the archive: %w", err)
		}
		if b.entries--; b.entries < 0 {
			return errors.New("it has more entries than a package may have")
		}
		if h.Size < 0 || h.Size > b.files {
			return fmt.Errorf("%s: %w", h.Name, errBomb)
		}
		b.files -= h.Size
		if err := visit(h, tr); err != nil {
			return err
		}
	}
}

var errBomb = errors.New("it unpacks to more bytes than a package may have")

// Write counts what the decompressor gave, headers and padding included.
func (b *budget) Write(p []byte) (int, error) {
	if b.bytes -= int64(len(p)); b.bytes < 0 {
		return 0, errBomb
	}
	return len(p), nil
}

// decompressed opens a member by the end of its name, as deb(5) has it.
func decompressed(m member) (io.Reader, error) {
	r := bytes.NewReader(m.body)
	switch ext := path.Ext(m.name); ext {
	case ".tar":
		return r, nil
	case ".gz":
		return gzip.NewReader(r)
	case ".xz":
		return openXZ(m.body)
	case ".zst":
		zr, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(128<<20))
		if err != nil {
			return nil, err
		}
		return zr.IOReadCloser(), nil
	default:
		return nil, fmt.Errorf("compressed as %q; gz, xz and zst can be read", ext)
	}
}
