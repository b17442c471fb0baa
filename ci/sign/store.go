package sign

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Client reaches registries: credentials, mirrors, retries. ci/registry's Client
// is one.
type Client interface {
	Options(ctx context.Context) []remote.Option
}

// Store is where images and what is said about them are kept. A nil Store reaches
// registries anonymously and keeps evidence beside the image.
type Store struct {
	Client Client
	// Evidence is the repository that keeps what is said about all images; nil
	// keeps it beside each image. It is for third-party images, whose registry
	// takes nothing from us (cosign: COSIGN_REPOSITORY).
	Evidence *name.Repository
}

// shelf is one image in a Store, opened for one call.
type shelf struct {
	image    name.Digest
	evidence name.Repository // where what is said about it is
	puller   *remote.Puller
	pusher   *remote.Pusher
}

var sha256Digest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// open prepares the way to an image.
func (s *Store) open(ctx context.Context, image name.Digest) (*shelf, error) {
	if !sha256Digest.MatchString(image.DigestStr()) {
		return nil, fmt.Errorf("%s: the digest is no sha256", image)
	}
	if s == nil {
		s = &Store{}
	}
	options := []remote.Option{remote.WithContext(ctx)}
	if s.Client != nil {
		options = s.Client.Options(ctx)
	}
	puller, err := remote.NewPuller(options...)
	if err != nil {
		return nil, fmt.Errorf("preparing to read from %s: %w", image.Context(), err)
	}
	pusher, err := remote.NewPusher(options...)
	if err != nil {
		return nil, fmt.Errorf("preparing to write to %s: %w", image.Context(), err)
	}
	shelf := &shelf{image: image, puller: puller, pusher: pusher}
	shelf.evidence = image.Context()
	if s.Evidence != nil {
		shelf.evidence = *s.Evidence
	}
	return shelf, nil
}

// of is the shelf of another image of the same repository.
func (s *shelf) of(digest string) *shelf {
	other := *s
	other.image = s.image.Context().Digest(digest)
	return &other
}

// tag is where cosign keeps things about the image: suffix is sig or att.
func (s *shelf) tag(suffix string) name.Tag {
	return s.evidence.Tag(strings.Replace(s.image.DigestStr(), ":", "-", 1) + "." + suffix)
}

// isMissing tells whether a registry says that it does not have something.
func isMissing(err error) bool {
	answer, ok := errors.AsType[*transport.Error](err)
	return ok && answer.StatusCode == http.StatusNotFound
}
