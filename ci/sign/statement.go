package sign

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

const (
	// envelopeType is the media type of a DSSE envelope.
	envelopeType = "application/vnd.dsse.envelope.v1+json"
	// statementType is the media type of what is in it.
	statementType = "application/vnd.in-toto+json"
	// statementV1 is what a statement of ours says it is; statementV01 is cosign's.
	statementV1  = "https://in-toto.io/Statement/v1"
	statementV01 = "https://in-toto.io/Statement/v0.1"
	// maxPredicate bounds what is said about an image, bytes. The SBOM of an image
	// with 500 packages has one megabyte.
	maxPredicate = 32 << 20
	// maxEnvelope bounds an envelope: base64 adds a third.
	maxEnvelope = maxPredicate/3*4 + 1<<20
	// maxSignatures bounds the signatures of one envelope.
	maxSignatures = 32
)

// statement says something about images: in-toto's Statement, v1.
type statement struct {
	Type          string          `json:"_type"`
	Subjects      []subject       `json:"subject"`
	PredicateType string          `json:"predicateType"`
	Predicate     json.RawMessage `json:"predicate"`
}

type subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// newStatement gives a statement's bytes. Its subjects are the image and, for an
// index, the platform images that it is about.
func newStatement(image name.Digest, p Predicate) ([]byte, error) {
	if p.Type == "" {
		return nil, errors.New("a predicate has no type")
	}
	body, err := json.Marshal(p.Body)
	if err != nil {
		return nil, fmt.Errorf("encoding the predicate %s: %w", p.Type, err)
	}
	if len(body) > maxPredicate {
		return nil, fmt.Errorf("the predicate %s has %d MiB: verifying takes at most %d", p.Type, len(body)>>20, maxPredicate>>20)
	}
	s := statement{Type: statementV1, PredicateType: p.Type, Predicate: body}
	for _, digest := range append([]string{image.DigestStr()}, p.Platforms...) {
		if !sha256Digest.MatchString(digest) {
			return nil, fmt.Errorf("the predicate %s is about %s, which is no sha256 digest", p.Type, shorten(digest))
		}
		s.Subjects = append(s.Subjects, subject{image.Context().Name(), map[string]string{"sha256": digest[len("sha256:"):]}})
	}
	return json.Marshal(s)
}

// seal signs a statement.
func seal(ctx context.Context, signer Signer, statement []byte) ([]byte, error) {
	signature, err := signer.Sign(ctx, dsse.PAE(statementType, statement))
	if err != nil {
		return nil, err
	}
	// No key id: it is a hint that nobody signs, and cosign's verifier skips
	// signatures whose hint is not its own name for the key.
	return json.Marshal(dsse.Envelope{
		PayloadType: statementType,
		Payload:     base64.StdEncoding.EncodeToString(statement),
		Signatures:  []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(signature)}},
	})
}

// unseal gives a statement's bytes and the first of the keys that signed it; no
// key is an error.
func unseal(data []byte, keys []Key) ([]byte, *Key, error) {
	envelope, err := jsondoc.Decode[dsse.Envelope](data)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case envelope.PayloadType != statementType:
		return nil, nil, fmt.Errorf("it holds %s, not %s", shorten(envelope.PayloadType), statementType)
	case len(envelope.Signatures) == 0:
		return nil, nil, errors.New("nobody has signed it")
	case len(envelope.Signatures) > maxSignatures:
		return nil, nil, fmt.Errorf("it has %d signatures: at most %d are looked at", len(envelope.Signatures), maxSignatures)
	}
	content, err := envelope.DecodeB64Payload()
	if err != nil {
		return nil, nil, err
	}
	message := dsse.PAE(envelope.PayloadType, content)
	for _, s := range envelope.Signatures {
		signature, err := base64.StdEncoding.DecodeString(s.Sig)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(keys, func(k Key) bool { return k.verifies(message, signature) }); i >= 0 {
			return content, &keys[i], nil
		}
	}
	return nil, nil, errOtherKey
}

// errOtherKey is that what is there is signed, and by none of the keys.
var errOtherKey = errors.New("none of the keys signed it")

// parseStatement reads a statement that a key has signed.
func parseStatement(data []byte) (*statement, error) {
	s, err := jsondoc.Decode[statement](data)
	if err != nil {
		return nil, err
	}
	switch {
	case s.Type != statementV1 && s.Type != statementV01:
		return nil, fmt.Errorf("it is of type %s, not %s", shorten(s.Type), statementV1)
	case s.PredicateType == "":
		return nil, errors.New("it has no predicateType")
	case len(s.Predicate) == 0:
		return nil, errors.New("it has no predicate")
	}
	return s, nil
}

// about tells whether a digest is among a statement's subjects. Names do not
// count: a digest is the same bytes under every name.
func (s *statement) about(digest string) bool {
	return slices.ContainsFunc(s.Subjects, func(one subject) bool { return "sha256:"+one.Digest["sha256"] == digest })
}

// leavesOut gives those of an index's platform images that a statement about the
// index is not about. One that names the index alone, as cosign's do, is about all
// of them; one that names some of them is about those.
func (s *statement) leavesOut(platforms []string) []string {
	rest := slices.DeleteFunc(slices.Clone(platforms), s.about)
	if len(rest) == len(platforms) {
		return nil
	}
	return rest
}
