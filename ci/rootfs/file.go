package rootfs

import (
	"fmt"
	"io"
	"io/fs"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Layer says which layer of the image something is in.
type Layer struct {
	Index  int // from 0, the base, upwards
	Count  int // how many layers the image has
	Digest v1.Hash
	DiffID v1.Hash
	Size   int64 // compressed, in bytes
}

func (l Layer) String() string {
	return fmt.Sprintf("layer %d of %d (%s)", l.Index+1, l.Count, l.Digest)
}

// ID names one content in one image: the same name twice, or the same content in two layers, are two IDs.
type ID struct {
	Layer int
	Entry int // the entry's place in the layer's tar file, from 0
}

// File is one regular file of one layer, on its way past.
type File struct {
	ID    ID
	Layer Layer
	Path  string // cleaned, slashes, no leading slash: "etc/os-release"; links in it are not resolved
	Mode  fs.FileMode
	Size  int64 // bytes
	// Content reads the file. It is good only until the visitor returns; what the visitor leaves unread is skipped.
	Content io.Reader
}
