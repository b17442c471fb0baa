package sign

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
)

// predicateKey is the annotation of a statement's layer that says its type:
// cosign's.
const predicateKey = "predicateType"

// Predicate is something to say about an image.
type Predicate struct {
	Type string // a URI: provenance.ScanPredicate, CycloneDXPredicate, …
	Body any    // becomes JSON; a json.RawMessage is taken as it is
	// Platforms are the digests of the platform images that it is about, where it
	// is not about all of them (the SBOM of one).
	Platforms []string
}

// Changes says what was written.
type Changes struct {
	Written int // signatures or statements that are new
	Kept    int // those that were there already, word for word
}

// Sign signs an image, and every platform image where it is an index. Signing
// again with the same key writes nothing; what others signed stays.
func Sign(ctx context.Context, store *Store, image name.Digest, signer Signer) (Changes, error) {
	key, err := NewKey(signer.Public())
	if err != nil {
		return Changes{}, fmt.Errorf("signing %s with the key %s: %w", image, signer.KeyID(), err)
	}
	shelf, err := store.open(ctx, image)
	if err != nil {
		return Changes{}, err
	}
	manifest, err := shelf.describe(ctx)
	if err != nil {
		return Changes{}, err
	}
	// The platform images first: when the index is signed, all is.
	var all Changes
	for _, digest := range append(slices.Clone(manifest.platforms), image.DigestStr()) {
		changes, err := shelf.of(digest).sign(ctx, signer, key)
		if err != nil {
			return all, err
		}
		all.Written += changes.Written
		all.Kept += changes.Kept
	}
	return all, nil
}

// sign signs one manifest.
func (s *shelf) sign(ctx context.Context, signer Signer, key Key) (Changes, error) {
	manifest, err := s.describe(ctx)
	if err != nil {
		return Changes{}, err
	}
	content, err := newPayload(s.image)
	if err != nil {
		return Changes{}, fmt.Errorf("signing %s: %w", s.image, err)
	}
	signature, err := signer.Sign(ctx, content)
	if err != nil {
		return Changes{}, fmt.Errorf("signing %s with the key %s: %w", s.image, signer.KeyID(), err)
	}
	if !key.verifies(content, signature) {
		return Changes{}, fmt.Errorf("signing %s: what the key %s gave does not verify with its public half", s.image, signer.KeyID())
	}
	return s.attach(ctx, signatures, &manifest.descriptor, []entry{{
		content:     content,
		annotations: map[string]string{signatureAnnotation: base64.StdEncoding.EncodeToString(signature)},
		same: func(a attachment) bool {
			return string(a.content) == string(content) && key.verifies(a.content, a.signature())
		},
	}})
}

// signature is what a payload is signed with; nil where there is none.
func (a *attachment) signature() []byte {
	signature, err := base64.StdEncoding.DecodeString(a.descriptor.Annotations[signatureAnnotation])
	if err != nil {
		return nil
	}
	return signature
}

// Attest says things about an image. Statements that the same key made before, of
// the types that are given now, are replaced; what others said stays.
func Attest(ctx context.Context, store *Store, image name.Digest, signer Signer, predicates ...Predicate) (Changes, error) {
	key, err := NewKey(signer.Public())
	if err != nil {
		return Changes{}, fmt.Errorf("signing with the key %s: %w", signer.KeyID(), err)
	}
	shelf, err := store.open(ctx, image)
	if err != nil {
		return Changes{}, err
	}
	manifest, err := shelf.describe(ctx)
	if err != nil {
		return Changes{}, err
	}
	var entries []entry
	for _, p := range predicates {
		if p.Platforms == nil {
			p.Platforms = manifest.platforms
		}
		e, err := newEntry(ctx, image, signer, key, p)
		if err != nil {
			return Changes{}, fmt.Errorf("attesting %s: %w", image, err)
		}
		entries = append(entries, e)
	}
	return shelf.attach(ctx, statements, &manifest.descriptor, entries)
}

// newEntry seals a statement.
func newEntry(ctx context.Context, image name.Digest, signer Signer, key Key, p Predicate) (entry, error) {
	content, err := newStatement(image, p)
	if err != nil {
		return entry{}, err
	}
	envelope, err := seal(ctx, signer, content)
	if err != nil {
		return entry{}, fmt.Errorf("signing with the key %s: %w", signer.KeyID(), err)
	}
	keys := []Key{key}
	if _, _, err := unseal(envelope, keys); err != nil {
		return entry{}, fmt.Errorf("what the key %s gave does not verify with its public half: %w", signer.KeyID(), err)
	}
	return entry{
		content: envelope,
		// Cosign adds an empty signature, since the envelope has its own.
		annotations: map[string]string{predicateKey: p.Type, signatureAnnotation: ""},
		same: func(a attachment) bool {
			theirs, _, err := unseal(a.content, keys)
			return err == nil && string(theirs) == string(content)
		},
		replaces: func(a attachment) bool {
			theirs, _, err := unseal(a.content, keys)
			if err != nil {
				return false
			}
			s, err := parseStatement(theirs)
			return err == nil && s.PredicateType == p.Type
		},
	}, nil
}
