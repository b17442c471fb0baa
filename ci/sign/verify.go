package sign

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// maxReasons bounds the reasons of one refusal: a registry may hold any number of
// things that do not verify.
const maxReasons = 8

// Verify looks at what the keys say about an image. It gives the evidence as far
// as it goes even where the image is refused: then the error is an
// *UnprovenError. Any other error is that a registry could not be asked, or that
// the question makes no sense.
func Verify(ctx context.Context, store *Store, image name.Digest, keys []Key, requirements Requirements) (*Evidence, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("verifying %s: no public key is given", image)
	}
	if slices.ContainsFunc(keys, func(k Key) bool { return k.public == nil }) {
		return nil, fmt.Errorf("verifying %s: a public key is empty", image)
	}
	if err := requirements.sensible(); err != nil {
		return nil, fmt.Errorf("verifying %s: %w", image, err)
	}
	shelf, err := store.open(ctx, image)
	if err != nil {
		return nil, err
	}
	v := &verification{Evidence: Evidence{Image: image}, keys: keys, requirements: requirements}
	manifest, err := shelf.describe(ctx)
	if isMissing(err) {
		v.refuse(NoImage, "the registry has no image of this digest")
		return v.verdict()
	}
	if bad, ok := errors.AsType[*manifestError](err); ok {
		v.refuse(Malformed, "its manifest: %v", bad)
		return v.verdict()
	}
	if err != nil {
		return nil, err
	}
	v.platforms = manifest.runnable
	if err := v.signatures(ctx, shelf); err != nil {
		return nil, err
	}
	if err := v.statements(ctx, shelf); err != nil {
		return nil, err
	}
	return v.verdict()
}

// verification is one Verify under way.
type verification struct {
	Evidence
	keys         []Key
	requirements Requirements
	platforms    []string // digests of the images that a node would run, of an index
	reasons      []Reason
	listed       []string     // those of platforms that an SBOM is about
	unread       []unreadScan // the keys' scans that make no sense
	more         bool         // there is more than was looked at
}

func (v *verification) refuse(cause Cause, format string, args ...any) {
	v.reasons = append(v.reasons, Reason{cause, fmt.Sprintf(format, args...)})
}

func (v *verification) verdict() (*Evidence, error) {
	if len(v.reasons) == 0 {
		return &v.Evidence, nil
	}
	return &v.Evidence, &UnprovenError{Image: v.Image, Reasons: v.reasons[:min(len(v.reasons), maxReasons)]}
}

// signatures looks for one that a key made for this digest and repository.
func (v *verification) signatures(ctx context.Context, shelf *shelf) error {
	f, err := shelf.attachments(ctx, signatures)
	if err != nil {
		return err
	}
	ignored := f.ignored
	for _, a := range f.union() {
		if r := v.signature(a); r != nil && !slices.Contains(ignored, *r) {
			ignored = append(ignored, *r)
		}
	}
	slices.Sort(v.KeyIDs)
	v.KeyIDs = slices.Compact(v.KeyIDs)
	v.Ignored = append(v.Ignored, ignored...)
	switch {
	case len(v.KeyIDs) > 0:
	case len(ignored) > 0:
		v.reasons = append(v.reasons, ignored...)
	default:
		v.refuse(NoSignature, "nobody has signed it")
	}
	return nil
}

// signature takes one signature into the evidence, or says why not.
func (v *verification) signature(a attachment) *Reason {
	i := slices.IndexFunc(v.keys, func(k Key) bool { return k.verifies(a.content, a.signature()) })
	if i < 0 {
		return &Reason{OtherKey, fmt.Sprintf("%s has a signature that does not verify with %s: another key's, or its payload was changed", a.from, v.keyNames())}
	}
	p, err := parsePayload(a.content)
	if err != nil {
		return &Reason{Malformed, fmt.Sprintf("the payload of a signature at %s: %v", a.from, err)}
	}
	if cause, detail := p.claims(v.Image); cause != "" {
		return &Reason{cause, a.from + ": " + detail}
	}
	v.KeyIDs = append(v.KeyIDs, v.keys[i].ID)
	return nil
}

func (v *verification) keyNames() string {
	names := make([]string, len(v.keys))
	for i, k := range v.keys {
		names[i] = k.ID[:12]
	}
	return "the key " + strings.Join(names, " or ")
}
