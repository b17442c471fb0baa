package pipeline

import (
	"context"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/mlfleet/mlfleet/ci/registry"
)

// Subject is an image that is to be proven: of one platform or of several.
type Subject struct {
	Digest name.Digest // what is signed and pinned
	Tag    string      // for people; "" where there is none
	Images []Platform  // in the index's order
	Built  *Built      // how it was built; nil: by somebody else
}

// Platform is the image of one platform.
type Platform struct {
	Name  string // linux/amd64
	Image v1.Image
}

// Built is what a build gives.
type Built struct {
	Index     v1.ImageIndex
	Tag       string
	Images    []Platform
	Source    string // repository, as https://github.com/mlfleet/mlfleet
	Revision  string // commit
	Modified  bool   // the working tree differed from the commit
	Base      string // "debian", or an image by digest
	Layers    []Layer
	Materials []Material
}

// Layer is one layer of one platform's image.
type Layer struct {
	Name     string `json:"name"`
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	Size     int64  `json:"size"`   // compressed, bytes
	Reused   bool   `json:"reused"` // it was there from an earlier build
}

// Material is something that went into a build.
type Material struct {
	URI    string
	Digest map[string]string // algorithm → hex digits
}

// Name is repository:tag, or the repository where there is no tag.
func (s *Subject) Name() string {
	if s.Tag == "" {
		return s.Digest.Context().Name()
	}
	return s.Digest.Context().Name() + ":" + s.Tag
}

// Pin is what a pin refers to: repository:tag@digest.
func (s *Subject) Pin() string { return s.Name() + "@" + s.Digest.DigestStr() }

// Pull gives an image that somebody else pushed. Its layers are checked when they
// are read; ctx must live as long as that.
func Pull(ctx context.Context, client *registry.Client, digest name.Digest, tag string) (*Subject, error) {
	s := &Subject{Digest: digest, Tag: tag}
	index := false
	if err := client.Do(ctx, "look up "+digest.Name(), digest.RegistryStr(), func(options []remote.Option) error {
		d, err := remote.Head(digest, options...)
		if err != nil {
			return err
		}
		index = d.MediaType.IsIndex()
		return nil
	}); err != nil {
		return nil, err
	}
	if !index {
		img, err := client.Image(ctx, digest, v1.Platform{})
		if err != nil {
			return nil, err
		}
		return s, s.add(img)
	}
	pulled, err := client.Index(ctx, digest)
	if err != nil {
		return nil, err
	}
	manifest, err := pulled.IndexManifest()
	if err != nil {
		return nil, fmt.Errorf("pull %s: read the index: %w", digest, err)
	}
	for _, m := range manifest.Manifests {
		if !isPlatform(m) {
			continue
		}
		img, err := pulled.Image(m.Digest)
		if err != nil {
			return nil, fmt.Errorf("pull %s: %w", digest, err)
		}
		if err := s.add(img); err != nil {
			return nil, err
		}
	}
	if len(s.Images) == 0 {
		return nil, fmt.Errorf("pull %s: the index names no image of any platform", digest)
	}
	return s, nil
}

// isPlatform tells images from what BuildKit keeps in the same list: attestations,
// under the platform unknown/unknown.
func isPlatform(d v1.Descriptor) bool {
	return d.MediaType.IsImage() && (d.Platform == nil || d.Platform.OS != "unknown")
}

func (s *Subject) add(img v1.Image) error {
	config, err := img.ConfigFile()
	if err != nil {
		return fmt.Errorf("read the configuration of %s: %w", s.Digest, err)
	}
	s.Images = append(s.Images, Platform{Name: config.Platform().String(), Image: img})
	return nil
}
