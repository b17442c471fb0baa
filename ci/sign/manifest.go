package sign

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

const (
	// maxManifest bounds a manifest or index, bytes: what registries must take at
	// least (OCI distribution spec, "Pushing Manifests").
	maxManifest = 4 << 20
	// maxPlatforms bounds the platform images of an index.
	maxPlatforms = 64
)

// manifestError is that an image is there and its manifest is none that anybody
// should run.
type manifestError struct{ problem string }

func (e *manifestError) Error() string { return e.problem }

// manifest is an image's manifest as far as signing goes.
type manifest struct {
	descriptor v1.Descriptor
	// platforms are the digests of an index's images; nil: it is no index.
	platforms []string
	// runnable are those that a node would run: BuildKit keeps its attestations in
	// the same list, under the platform unknown/unknown.
	runnable []string
}

// describe reads the image's manifest. An error about what the manifest says is a
// *manifestError.
func (s *shelf) describe(ctx context.Context) (*manifest, error) {
	got, err := s.puller.Get(ctx, s.image)
	if err != nil {
		return nil, fmt.Errorf("looking for the image %s: %w", s.image, err)
	}
	m, err := parseImage(got.Manifest, got.MediaType)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest of %s: %w", s.image, err)
	}
	// The library takes the registry's word for the digest of Docker's schema 1.
	if m.descriptor.Digest.String() != s.image.DigestStr() {
		return nil, fmt.Errorf("reading the manifest of %s: what the registry serves is not what its digest says", s.image)
	}
	return m, nil
}

// parseImage reads a manifest. Whether it is an index is read from its bytes,
// which the digest covers, and not from the type that the registry gives it, which
// nothing covers. One that could be taken for an index and for an image is refused
// (CVE-2021-41190): different programs would run different things.
func parseImage(raw []byte, served types.MediaType) (*manifest, error) {
	if len(raw) > maxManifest {
		return nil, &manifestError{fmt.Sprintf("it has %d MiB: at most %d are read", len(raw)>>20, maxManifest>>20)}
	}
	digest, size, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	said, err := jsondoc.Decode[struct {
		MediaType types.MediaType `json:"mediaType"`
		Manifests []v1.Descriptor `json:"manifests"`
		Config    json.RawMessage `json:"config"`
		Layers    json.RawMessage `json:"layers"`
	}](raw)
	if err != nil {
		return nil, &manifestError{err.Error()}
	}
	isIndex, isImage := said.Manifests != nil, said.Config != nil || said.Layers != nil
	switch {
	case isIndex && isImage, isIndex && said.MediaType.IsImage(), isImage && said.MediaType.IsIndex():
		return nil, &manifestError{"it is an index and an image at once"}
	case !isIndex && !isImage:
		return nil, &manifestError{"it is neither an index nor an image"}
	case len(said.Manifests) > maxPlatforms:
		return nil, &manifestError{fmt.Sprintf("the index has %d images: at most %d are signed", len(said.Manifests), maxPlatforms)}
	}
	m := &manifest{descriptor: v1.Descriptor{MediaType: mediaTypeOf(said.MediaType, served, isIndex), Digest: digest, Size: size}}
	for _, d := range said.Manifests {
		switch {
		case !sha256Digest.MatchString(d.Digest.String()):
			return nil, &manifestError{fmt.Sprintf("the index names the digest %s, which is no sha256", shorten(d.Digest.String()))}
		case d.MediaType.IsIndex():
			return nil, &manifestError{fmt.Sprintf("the index holds another index, %s: nobody scans what is in that", d.Digest)}
		}
		m.platforms = append(m.platforms, d.Digest.String())
		if d.Platform == nil || d.Platform.OS != "unknown" {
			m.runnable = append(m.runnable, d.Digest.String())
		}
	}
	return m, nil
}

// mediaTypeOf is what a manifest says that it is; or what the registry says, where
// that is possible at all.
func mediaTypeOf(said, served types.MediaType, isIndex bool) types.MediaType {
	switch {
	case said != "":
		return said
	case isIndex && served.IsIndex(), !isIndex && served.IsImage():
		return served
	case isIndex:
		return types.OCIImageIndex
	}
	return types.OCIManifestSchema1
}
