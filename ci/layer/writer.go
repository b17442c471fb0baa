package layer

import (
	"archive/tar"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// Epoch is the modification time of every entry: the Unix epoch plus one
// second, because some tools take zero for "not set". It is the same for every
// commit, so that a layer changes only when its contents do.
var Epoch = time.Unix(1, 0).UTC()

// An Entry is a file, folder or link of a layer.
type Entry struct {
	Mode     fs.FileMode // permission bits, fs.ModeSticky; fs.ModeDir or fs.ModeSymlink say what it is
	UID, GID int
	Link     string // target of a symbolic link, as it is written; of a hard link, a name in this layer
	Body     []byte // contents of a file
}

// Hard says whether the entry is a hard link to another file of the layer.
func (e Entry) Hard() bool { return e.Link != "" && e.Mode&fs.ModeSymlink == 0 }

// Tree is the entries of a layer by name: relative, slash-separated, clean, no
// "." and no "..", as fs.ValidPath has it.
type Tree map[string]Entry

// Write writes the tree as a tar archive, the same bytes for the same tree:
// names in order, missing parents added as folders of root with mode 0755,
// times all Epoch, owners as numbers alone. It fails on a name that leaves the
// layer, on an entry below a file or link, and on a hard link to nothing.
func (t Tree) Write(w io.Writer) error {
	names, err := t.names()
	if err != nil {
		return err
	}
	tw := tar.NewWriter(w)
	for _, name := range names {
		h, err := t.header(name)
		if err != nil {
			return err
		}
		if err := tw.WriteHeader(h); err != nil {
			return fmt.Errorf("write layer entry %s: %w", name, err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := tw.Write(t[name].Body); err != nil {
				return fmt.Errorf("write layer entry %s: %w", name, err)
			}
		}
	}
	return tw.Close()
}

// names are the names of the tree and of all parents, in an order that has
// every folder before what is in it, and every file before hard links to it.
func (t Tree) names() ([]string, error) {
	all := make(map[string]bool, len(t))
	for name := range t {
		if !fs.ValidPath(name) || name == "." {
			return nil, fmt.Errorf("layer entry %q is not a clean name inside the layer", name)
		}
		all[name] = t[name].Hard()
		for d := path.Dir(name); d != "."; d = path.Dir(d) {
			if e, ok := t[d]; ok && !e.Mode.IsDir() {
				return nil, fmt.Errorf("layer entry %s lies below %s, which is no folder", name, d)
			}
			all[d] = false
		}
	}
	return slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		if all[a] != all[b] {
			return map[bool]int{true: 1, false: -1}[all[a]]
		}
		return cmp.Compare(a, b)
	}), nil
}

func (t Tree) header(name string) (*tar.Header, error) {
	e, ok := t[name]
	if !ok {
		e = Entry{Mode: fs.ModeDir | 0o755}
	}
	h := &tar.Header{
		Name: name, Mode: int64(e.Mode.Perm()), Uid: e.UID, Gid: e.GID,
		ModTime: Epoch, Format: tar.FormatPAX,
	}
	if e.Mode&fs.ModeSticky != 0 {
		h.Mode |= 0o1000
	}
	switch {
	case e.Mode.IsDir():
		h.Typeflag, h.Name = tar.TypeDir, name+"/"
	case e.Mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Linkname, h.Mode = tar.TypeSymlink, e.Link, 0o777
	case e.Hard():
		if target, ok := t[e.Link]; !ok || !target.Mode.IsRegular() || target.Hard() {
			return nil, fmt.Errorf("layer entry %s is a hard link to %s, which is no file of the layer", name, e.Link)
		}
		h.Typeflag, h.Linkname = tar.TypeLink, e.Link
	case e.Mode.IsRegular():
		h.Typeflag, h.Size = tar.TypeReg, int64(len(e.Body))
	default:
		return nil, fmt.Errorf("layer entry %s is %s; only files, folders and links belong in a layer", name, strings.TrimSpace(e.Mode.Type().String()))
	}
	return h, nil
}
