package registry

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Config says how to reach registries. The zero value is ready to use.
type Config struct {
	// Keychain finds credentials; nil is the Docker configuration's and its
	// credential helpers'.
	Keychain authn.Keychain
	// Mirrors sends what is meant for a registry host to another address:
	// "ghcr.io" to "127.0.0.1:5000" or "https://mirror.example". The names in
	// references, signatures and pins stay those of the registry. A bare address
	// means HTTP on a loopback address and HTTPS elsewhere. Credentials are those
	// for the mirror's host; the registry's never go to it.
	Mirrors map[string]string
	// Attempts is how often an operation is tried; 0 is 5.
	Attempts int
	// Wait is the time before the second attempt, doubling with each; 0 is 1 s.
	Wait time.Duration
	// UserAgent is sent with every request; "" is "mlfleet-ci".
	UserAgent string
	// Cache is the folder that keeps pulled layers; "" is mlfleet-ci/layers in
	// the user's cache folder.
	Cache string
	// Transport carries the requests; nil is go-containerregistry's default.
	Transport http.RoundTripper
}

// Client reaches registries. It may be used by many goroutines.
type Client struct {
	attempts  int
	wait      time.Duration
	keychain  authn.Keychain
	transport http.RoundTripper
	mirrors   mirrors
	userAgent string
	cache     string
}

// New makes a client. It fails when a mirror is not HOST and ADDRESS.
func New(c Config) (*Client, error) {
	m, err := parseMirrors(c.Mirrors)
	if err != nil {
		return nil, err
	}
	client := &Client{
		attempts: c.Attempts, wait: c.Wait, keychain: c.Keychain,
		transport: c.Transport, mirrors: m, userAgent: c.UserAgent, cache: c.Cache,
	}
	if client.cache == "" {
		dir, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("find a folder for pulled layers: %w", err)
		}
		client.cache = filepath.Join(dir, "mlfleet-ci", "layers")
	}
	if client.attempts <= 0 {
		client.attempts = 5
	}
	if client.wait <= 0 {
		client.wait = time.Second
	}
	if client.keychain == nil {
		client.keychain = authn.DefaultKeychain
	}
	if client.userAgent == "" {
		client.userAgent = "mlfleet-ci"
	}
	if client.transport == nil {
		client.transport = remote.DefaultTransport
	}
	resumed := &resuming{inner: client.transport, attempts: client.attempts, wait: client.wait}
	client.transport = &listening{inner: &mirrored{mirrors: m, inner: resumed}}
	return client, nil
}

// Options are go-containerregistry's options for one call: context,
// credentials, mirrors and attempts. Do gives better errors than they do.
func (c *Client) Options(ctx context.Context) []remote.Option {
	return c.options(ctx, c.attempts)
}

func (c *Client) options(ctx context.Context, attempts int) []remote.Option {
	return []remote.Option{
		remote.WithContext(ctx),
		remote.WithAuthFromKeychain(mirrorKeychain{c.keychain, c.mirrors}),
		remote.WithTransport(c.transport),
		remote.WithUserAgent(c.userAgent),
		remote.WithRetryBackoff(remote.Backoff{Duration: c.wait, Factor: 2, Jitter: 0.1, Steps: attempts}),
		remote.WithRetryPredicate(temporary),
	}
}

// Reference reads NAME, NAME:TAG or NAME@DIGEST. A name without a registry is
// an error rather than one at Docker Hub: a pin must say where it points.
func (c *Client) Reference(s string) (name.Reference, error) {
	ref, err := name.ParseReference(s, name.WithDefaultRegistry(nowhere))
	if err != nil {
		return nil, fmt.Errorf("read the image reference %q: %w", s, err)
	}
	if ref.Context().RegistryStr() == nowhere {
		return nil, fmt.Errorf("the image reference %q names no registry; write for example ghcr.io/%s", s, s)
	}
	if !repository.MatchString(ref.Context().RepositoryStr()) {
		return nil, fmt.Errorf("read the image reference %q: %q is not a repository's name", s, ref.Context().RepositoryStr())
	}
	return ref, nil
}

// repository is a repository's name as the distribution specification has it;
// go-containerregistry takes "../x" too.
var repository = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// Digest reads NAME@sha256:… or NAME:TAG@sha256:…; whatever has no digest is an
// error.
func (c *Client) Digest(s string) (name.Digest, error) {
	ref, err := c.Reference(s)
	if err != nil {
		return name.Digest{}, err
	}
	d, ok := ref.(name.Digest)
	if !ok {
		return name.Digest{}, fmt.Errorf("the image reference %q has no digest; a tag may point elsewhere tomorrow: write it as %s@sha256:…", s, ref.Context().Name())
	}
	return d, nil
}

// nowhere stands for the registry of a reference that names none. The name
// can be reached by nobody (RFC 2606).
const nowhere = "registry.invalid"
