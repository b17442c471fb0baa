package sign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
)

// kind is one of the two things that are attached to images.
type kind struct {
	word      string // for messages
	suffix    string // of cosign's tag
	mediaType types.MediaType
	artifact  string // type of the referrer
	maxSize   int64  // of one, bytes
}

var (
	signatures = kind{"signature", "sig", simpleSigning, "application/vnd.dev.cosign.artifact.sig.v1+json", maxPayload}
	statements = kind{"attestation", "att", envelopeType, statementType, maxEnvelope}
)

const (
	// maxLayers bounds the layers of one manifest: one signer's statements are ten.
	maxLayers = 256
	// maxReferrers bounds the referrers of one image that are looked at.
	maxReferrers = 1024
	// maxTotal bounds what is read about one image, bytes.
	maxTotal = 512 << 20
	// emptyType is the media type of a config that says nothing (OCI image spec 1.1).
	emptyType = "application/vnd.oci.empty.v1+json"
)

// attachment is one signature or statement as a registry serves it: unverified.
type attachment struct {
	content    []byte
	descriptor v1.Descriptor // of the layer, with its annotations
	from       string        // a tag, or a referrer's digest
	referrer   string        // the referrer's digest; empty: from the tag
	alone      bool          // the only layer of its referrer
}

// found is everything of one kind that is attached to an image.
type found struct {
	tag       *v1.Manifest // cosign's list; nil: there is none yet, or it cannot be read
	broken    bool         // there is a list that cannot be read
	tagged    []attachment
	referrers []attachment
	ignored   []Reason
	more      bool // there is more than was looked at
	total     int64
}

// union is every attachment once, the tag's first.
func (f *found) union() []attachment {
	type identity struct{ digest, signature string }
	seen := map[identity]bool{}
	var all []attachment
	for _, a := range slices.Concat(f.tagged, f.referrers) {
		id := identity{a.descriptor.Digest.String(), a.descriptor.Annotations[signatureAnnotation]}
		if !seen[id] {
			seen[id] = true
			all = append(all, a)
		}
	}
	return all
}

func (f *found) ignore(cause Cause, format string, args ...any) {
	f.ignored = append(f.ignored, Reason{cause, fmt.Sprintf(format, args...)})
}

// overflow notes that something is left unread that may well be ours.
func (f *found) overflow(format string, args ...any) {
	f.more = true
	f.ignore(Oversize, format, args...)
}

// attachments reads what is attached to an image. What makes no sense is noted
// and left out: anybody who may push could have put it there. An error is that
// the registry could not be asked.
func (s *shelf) attachments(ctx context.Context, k kind) (*found, error) {
	f := &found{}
	if err := s.readTag(ctx, k, f); err != nil {
		return nil, fmt.Errorf("reading the %ss of %s: %w", k.word, s.image, err)
	}
	if err := s.readReferrers(ctx, k, f); err != nil {
		return nil, fmt.Errorf("reading the referrers of %s: %w", s.image, err)
	}
	return f, nil
}

// readTag reads cosign's list.
func (s *shelf) readTag(ctx context.Context, k kind, f *found) error {
	tag := s.tag(k.suffix)
	got, err := s.puller.Get(ctx, tag)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	from := "its tag ." + k.suffix
	manifest := f.parse(got.Manifest, from)
	if manifest == nil {
		f.broken = true
		return nil
	}
	f.tag = manifest
	f.tagged, err = s.layers(ctx, k, f, manifest, from, "")
	return err
}

// readReferrers reads what names the image as its subject.
func (s *shelf) readReferrers(ctx context.Context, k kind, f *found) error {
	index, err := remote.Referrers(s.evidence.Digest(s.image.DigestStr()), remote.WithContext(ctx), remote.Reuse(s.puller))
	if answer, ok := errors.AsType[*transport.Error](err); ok && answer.StatusCode < http.StatusInternalServerError &&
		answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusUnauthorized {
		return nil // a registry from before OCI 1.1; the tags say the same
	}
	if err != nil {
		return err
	}
	raw, err := index.RawManifest()
	if err != nil {
		return err
	}
	list, err := jsondoc.Decode[v1.IndexManifest](raw)
	if err != nil {
		f.ignore(Malformed, "the list of referrers: %v", err)
		return nil
	}
	// A registry from before the field artifactType shows the config's type instead.
	list.Manifests = slices.DeleteFunc(list.Manifests, func(m v1.Descriptor) bool {
		return m.ArtifactType != k.artifact && m.ArtifactType != emptyType && m.ArtifactType != ""
	})
	if len(list.Manifests) > maxReferrers {
		f.overflow("the image has %d referrers that may be %ss: the first %d are looked at", len(list.Manifests), k.word, maxReferrers)
		list.Manifests = list.Manifests[:maxReferrers]
	}
	for _, m := range list.Manifests {
		if err := s.readReferrer(ctx, k, f, m.Digest.String()); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) readReferrer(ctx context.Context, k kind, f *found, digest string) error {
	if !sha256Digest.MatchString(digest) {
		f.ignore(Malformed, "a referrer's digest %s is no sha256", shorten(digest))
		return nil
	}
	from := "its referrer " + digest[:19]
	got, err := s.puller.Get(ctx, s.evidence.Digest(digest))
	if err != nil {
		return f.ignoreContent(from, err)
	}
	manifest := f.parse(got.Manifest, from)
	if manifest == nil {
		return nil
	}
	if manifest.Subject == nil || manifest.Subject.Digest.String() != s.image.DigestStr() {
		f.ignore(Malformed, "%s has another subject", from)
		return nil
	}
	layers, err := s.layers(ctx, k, f, manifest, from, digest)
	f.referrers = append(f.referrers, layers...)
	return err
}

// parse reads a manifest that holds attachments; nil is that it makes no sense.
func (f *found) parse(raw []byte, from string) *v1.Manifest {
	if len(raw) > maxManifest {
		f.ignore(Oversize, "%s has a manifest of %d MiB: at most %d are read", from, len(raw)>>20, maxManifest>>20)
		return nil
	}
	manifest, err := jsondoc.Decode[v1.Manifest](raw)
	if err != nil {
		f.ignore(Malformed, "the manifest of %s: %v", from, err)
		return nil
	}
	return manifest
}

// layers reads the layers of a manifest that are of the wanted kind.
func (s *shelf) layers(ctx context.Context, k kind, f *found, manifest *v1.Manifest, from, referrer string) ([]attachment, error) {
	layers := manifest.Layers
	if len(layers) > maxLayers {
		f.overflow("%s has %d layers: the first %d are looked at", from, len(layers), maxLayers)
		layers = layers[:maxLayers]
	}
	var all []attachment
	for _, layer := range layers {
		if layer.MediaType != k.mediaType {
			continue
		}
		// Only what is read counts: the sizes of what is not are anybody's claims.
		if layer.Size > k.maxSize || layer.Size < 0 {
			f.ignore(Oversize, "%s has a layer of %d bytes: a %s has at most %d", from, layer.Size, k.word, k.maxSize)
			continue
		}
		if f.total += layer.Size; f.total > maxTotal {
			f.overflow("%s: more than %d MiB of %ss are not read", from, maxTotal>>20, k.word)
			break
		}
		content, err := s.blob(ctx, layer)
		if err != nil {
			if err := f.ignoreContent(from, err); err != nil {
				return nil, err
			}
			continue
		}
		all = append(all, attachment{content: content, descriptor: layer, from: from, referrer: referrer, alone: len(manifest.Layers) == 1})
	}
	return all, nil
}

// blob reads a blob, which must be what its descriptor says.
func (s *shelf) blob(ctx context.Context, d v1.Descriptor) ([]byte, error) {
	if !sha256Digest.MatchString(d.Digest.String()) {
		return nil, fmt.Errorf("a layer's digest %s is no sha256", d.Digest)
	}
	layer, err := s.puller.Layer(ctx, s.evidence.Digest(d.Digest.String()))
	if err != nil {
		return nil, err
	}
	stream, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	content, err := io.ReadAll(io.LimitReader(stream, d.Size+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) != d.Size {
		return nil, fmt.Errorf("a layer has not the %d bytes that its manifest says", d.Size)
	}
	return content, nil
}

// ignoreContent notes an error that is about what is in the registry, and gives
// back one that is about reaching it.
func (f *found) ignoreContent(from string, err error) error {
	_, answered := errors.AsType[*transport.Error](err)
	_, network := errors.AsType[net.Error](err)
	switch {
	case isMissing(err):
		f.ignore(Malformed, "%s names something that the registry has not: %v", from, err)
	case answered, network, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return err
	default:
		f.ignore(Malformed, "%s holds something else than it says: %v", from, err)
	}
	return nil
}
