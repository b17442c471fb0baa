package image

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// A Result is what a build made. Its layers lie in the build's cache, or at the
// registry of the base; both must be there until it is pushed.
type Result struct {
	Index     v1.ImageIndex
	Digest    v1.Hash // of the index
	Metadata  Metadata
	Images    []Platform // one for each architecture, sorted
	Layers    []Layer    // of all images, in the order of the images
	Materials []Material // sorted by URI
}

// A Platform is an image for linux on one architecture.
type Platform struct {
	Arch  string // as GOARCH has it
	Image v1.Image
}

// Names of layers. A base from a registry has several called LayerBase.
const (
	LayerBase    = "base"
	LayerRuntime = "onnxruntime"
	LayerServer  = "server"
	LayerModel   = "model"
)

// A Layer is one layer of one image.
type Layer struct {
	Name         string // LayerBase, LayerRuntime, LayerServer or LayerModel
	Architecture string
	Digest       v1.Hash
	Size         int64 // compressed, bytes
	Reused       bool  // it came from the cache or from a registry and was not compressed now
}

// A Material is something that went into the image, named as SLSA's
// ResourceDescriptor names it: a URI (package URLs for packages), and hex
// digests by algorithm (sha256, sha512, gitCommit).
type Material struct {
	URI    string
	Digest map[string]string
}
