package sign

import (
	"encoding/json"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

const (
	// simpleSigning is the media type of a signature's payload.
	simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
	// signatureAnnotation holds a payload's signature, in base64.
	signatureAnnotation = "dev.cosignproject.cosign/signature"
	// payloadType is what a payload says it is.
	payloadType = "cosign container image signature"
	// maxPayload bounds a payload, bytes. Ours have 250; cosign's may carry annotations.
	maxPayload = 64 << 10
)

// payload is what a signature is over: "simple signing", containers-signature(5).
type payload struct {
	Critical struct {
		Identity struct {
			Reference string `json:"docker-reference"`
		} `json:"identity"`
		Image struct {
			Digest string `json:"docker-manifest-digest"`
		} `json:"image"`
		Type string `json:"type"`
	} `json:"critical"`
	Optional map[string]any `json:"optional"` // cosign's annotations; nothing is decided by them
}

// newPayload gives the bytes that are signed for an image: byte by byte what
// cosign signs, so that neither signs again what the other has.
func newPayload(image name.Digest) ([]byte, error) {
	var p payload
	p.Critical.Identity.Reference = image.Context().Name()
	p.Critical.Image.Digest = image.DigestStr()
	p.Critical.Type = payloadType
	return json.Marshal(p)
}

// parsePayload reads a payload that a key has signed.
func parsePayload(data []byte) (*payload, error) {
	p, err := jsondoc.Decode[payload](data)
	if err != nil {
		return nil, err
	}
	if p.Critical.Type != payloadType {
		return nil, fmt.Errorf("it is of type %q, not %q", p.Critical.Type, payloadType)
	}
	return p, nil
}

// claims says why a payload is not about an image; a zero Cause is that it is.
// The reference may carry a tag (cosign sign --sign-container-identity).
func (p *payload) claims(image name.Digest) (Cause, string) {
	if got := p.Critical.Image.Digest; got != image.DigestStr() {
		return OtherDigest, fmt.Sprintf("a signature is for %s, not for this digest", shorten(got))
	}
	said := p.Critical.Identity.Reference
	reference, err := name.ParseReference(said)
	if err != nil || reference.Context().Name() != image.Context().Name() {
		return OtherRepository, fmt.Sprintf("a signature is for the repository %s, not for %s", shorten(said), image.Context().Name())
	}
	return "", ""
}

// shorten makes foreign text safe and short enough for a message.
func shorten(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	return fmt.Sprintf("%q", s)
}
