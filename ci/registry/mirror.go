package registry

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
)

// mirrors is where requests for a registry's host go instead.
type mirrors map[string]*url.URL

func parseMirrors(m map[string]string) (mirrors, error) {
	parsed := make(mirrors, len(m))
	for host, address := range m {
		// As references have it: docker.io stands for index.docker.io.
		canonical, err := name.NewRegistry(host, name.StrictValidation)
		var u *url.URL
		if err == nil {
			u, err = mirrorURL(address)
		}
		if err != nil {
			return nil, fmt.Errorf("the mirror %s=%s is not HOST=ADDRESS, as in ghcr.io=127.0.0.1:5000 or ghcr.io=https://mirror.example: %w", host, address, err)
		}
		parsed[canonical.RegistryStr()] = u
	}
	return parsed, nil
}

func mirrorURL(address string) (*url.URL, error) {
	if !strings.Contains(address, "://") {
		host := address
		if h, _, err := net.SplitHostPort(address); err == nil {
			host = h
		}
		scheme := "https://"
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			scheme = "http://"
		}
		address = scheme + address
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("%q is not an address", address)
	}
	return u, nil
}

// mirrored sends requests to mirrors. Callers see the registry's own name in
// the answer, also where the mirror says where an upload goes on.
type mirrored struct {
	mirrors mirrors
	inner   http.RoundTripper
}

func (m *mirrored) RoundTrip(in *http.Request) (*http.Response, error) {
	mirror, ok := m.mirrors[in.URL.Host]
	if !ok {
		return m.inner.RoundTrip(in)
	}
	out := in.Clone(in.Context())
	out.URL.Scheme, out.URL.Host, out.Host = mirror.Scheme, mirror.Host, mirror.Host
	resp, err := m.inner.RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("mirror %s of %s: %w", mirror.Host, in.URL.Host, err)
	}
	resp.Request = in
	if loc, err := url.Parse(resp.Header.Get("Location")); err == nil && loc.Host == mirror.Host {
		loc.Scheme, loc.Host = in.URL.Scheme, in.URL.Host
		resp.Header.Set("Location", loc.String())
	}
	return resp, nil
}

// mirrorKeychain resolves credentials for the host that really gets them.
type mirrorKeychain struct {
	authn.Keychain
	mirrors mirrors
}

func (k mirrorKeychain) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if mirror, ok := k.mirrors[r.RegistryStr()]; ok {
		return k.Keychain.Resolve(mirrorResource(mirror.Host))
	}
	return k.Keychain.Resolve(r)
}

type mirrorResource string

func (r mirrorResource) String() string      { return string(r) }
func (r mirrorResource) RegistryStr() string { return string(r) }
