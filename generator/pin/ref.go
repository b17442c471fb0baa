package pin

import (
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// noDigest is what a pin holds as long as nobody knows the image's digest.
const noDigest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

// Ref is an image by digest, as it is pinned.
type Ref struct {
	Image  string // registry and repository, as written: ghcr.io/mlfleet/inference
	Tag    string // may be empty
	Digest string // sha256:<64 hex digits>
}

// ParseRef reads registry/repository[:tag]@sha256:<64 hex digits>. The registry
// must be written out: what "ubuntu" means depends on who reads it.
func ParseRef(ref string) (Ref, error) {
	digest, err := name.NewDigest(ref, name.StrictValidation)
	if err != nil {
		return Ref{}, fmt.Errorf("reading the image %q (registry/repository:tag@sha256:…): %w", ref, err)
	}
	r := Ref{Digest: digest.DigestStr()}
	if !strings.HasPrefix(r.Digest, "sha256:") {
		return Ref{}, fmt.Errorf("reading the image %q: the digest is no sha256", ref)
	}
	if r.Digest == noDigest {
		return Ref{}, fmt.Errorf("reading the image %q: a digest of zeros stands for one that is not known", ref)
	}
	r.Image, _, _ = strings.Cut(ref, "@")
	if tag, err := name.NewTag(r.Image, name.StrictValidation); err == nil {
		r.Tag = tag.TagStr()
		r.Image = strings.TrimSuffix(r.Image, ":"+r.Tag)
	}
	return r, nil
}

// String is the reference as ParseRef reads it.
func (r Ref) String() string {
	if r.Tag == "" {
		return r.Image + "@" + r.Digest
	}
	return r.Image + ":" + r.Tag + "@" + r.Digest
}
