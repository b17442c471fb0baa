package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Through a mirror everything keeps the registry's own name.
func TestMirrorKeepsNames(t *testing.T) {
	for _, host := range []string{"ghcr.io", "registry.example:5000", "docker.io"} {
		t.Run(host, func(t *testing.T) {
			w := newWorld(t)
			client := newClient(t, Config{Mirrors: map[string]string{host: w.host}})
			repo, err := name.NewRepository(host + "/mlfleet/inference")
			if err != nil {
				t.Fatal(err)
			}
			ref, err := client.Push(t.Context(), repo, randomImage(t), "main")
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(ref.Name(), repo.Name()+"@sha256:") {
				t.Errorf("what was pushed is called %s", ref)
			}
			if got, err := client.Resolve(t.Context(), repo.Tag("main")); err != nil || got.Name() != ref.Name() {
				t.Errorf("the tag points to %v (%v), want %v", got, err, ref)
			}
			img, err := client.Image(t.Context(), ref, v1.Platform{})
			if err != nil {
				t.Fatal(err)
			}
			if err := read(img); err != nil {
				t.Fatal(err)
			}
			w.whole(t, w.repo(t).Digest(ref.DigestStr())) // it lies at the mirror
		})
	}
}

// An error names both.
func TestMirrorFails(t *testing.T) {
	w := newWorld(t)
	w.fails(times(1000, "", status(500)))
	client := newClient(t, Config{Mirrors: map[string]string{"ghcr.io": w.host}})
	repo, err := name.NewRepository("ghcr.io/mlfleet/inference")
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Push(t.Context(), repo, randomImage(t))
	wantError(t, err, "push ghcr.io/mlfleet/inference@", "registry ghcr.io (at its mirror "+w.host+")", "after 4 attempts")
}

func TestMirrorsRefused(t *testing.T) {
	for host, address := range map[string]string{
		"":              "127.0.0.1:5000",
		"ghcr.io/":      "127.0.0.1:5000",
		"https://quay":  "127.0.0.1:5000",
		"a.example":     "",
		"b.example":     "ftp://mirror",
		"c.example":     "http://user:password@mirror",
		"d.example":     "http://mirror/folder",
		"e.example":     "http://mirror?x=y",
		"f.example":     "http://",
		"g.example.com": "http://[::1",
	} {
		_, err := New(Config{Mirrors: map[string]string{host: address}})
		wantError(t, err, "the mirror "+host+"="+address+" is not HOST=ADDRESS")
	}
}

// A bare address means HTTP on this machine alone.
func TestMirrorScheme(t *testing.T) {
	for address, want := range map[string]string{
		"127.0.0.1:5000": "http", "[::1]:5000": "http", "localhost:5000": "http", "localhost": "http",
		"mirror.example": "https", "mirror.example:5000": "https", "10.0.0.1:5000": "https",
		"http://mirror.example": "http", "https://127.0.0.1:5000": "https",
	} {
		u, err := mirrorURL(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
		} else if u.Scheme != want {
			t.Errorf("%s means %s, want %s", address, u.Scheme, want)
		}
	}
}

// passwords is a keychain with a password for each registry, as Docker's.
type passwords map[string]string

func (p passwords) Resolve(r authn.Resource) (authn.Authenticator, error) {
	if password, ok := p[r.RegistryStr()]; ok {
		return authn.FromConfig(authn.AuthConfig{Username: "ci", Password: password}), nil
	}
	return authn.Anonymous, nil
}

// guarded asks for a password the way registries do, either at once or by a
// token that it hands out, and notes every secret that reaches it.
type guarded struct {
	inner    http.Handler
	password string
	bearer   bool
	mu       sync.Mutex
	saw      []string
}

func (g *guarded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, password, _ := r.BasicAuth()
	g.mu.Lock()
	g.saw = append(g.saw, password)
	g.mu.Unlock()
	switch {
	case r.URL.Path == "/token" && password == g.password:
		w.Write([]byte(`{"token":"ticket"}`)) // the test fails then
	case r.URL.Path == "/token":
		w.WriteHeader(http.StatusUnauthorized)
	case !g.bearer && password == g.password, g.bearer && r.Header.Get("Authorization") == "Bearer ticket":
		a := ask(g.inner, r)
		if at := a.header.Get("Location"); strings.HasPrefix(at, "/") {
			a.header.Set("Location", "http://"+r.Host+at) // as most registries do
		}
		a.pass(w)
	default:
		challenge := `Basic realm="mirror"`
		if g.bearer {
			// As a pull-through cache hands on what the registry said.
			challenge = `Bearer realm="https://ghcr.io/token",service="ghcr.io"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// The mirror gets the credentials for its own host, and never the registry's.
func TestMirrorCredentials(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		w := newWorld(t)
		g := &guarded{inner: w.inner, password: "the mirror's", bearer: bearer}
		server := httptest.NewServer(g)
		defer server.Close()
		host := strings.TrimPrefix(server.URL, "http://")
		repo, err := name.NewRepository("ghcr.io/mlfleet/inference")
		if err != nil {
			t.Fatal(err)
		}
		both := newClient(t, Config{
			Mirrors:  map[string]string{"ghcr.io": host},
			Keychain: passwords{"ghcr.io": "the registry's", host: "the mirror's"},
		})
		ref, err := both.Push(t.Context(), repo, randomImage(t), "main")
		if err != nil {
			t.Fatalf("bearer %t: %v", bearer, err)
		}
		// Without a password for the mirror it gets none.
		one := newClient(t, Config{
			Mirrors:  map[string]string{"ghcr.io": host},
			Keychain: passwords{"ghcr.io": "the registry's"},
		})
		_, err = one.Image(t.Context(), ref, v1.Platform{})
		wantError(t, err, "401", "docker login")
		right := false
		for _, password := range g.saw {
			if password == "the registry's" {
				t.Errorf("bearer %t: the registry's password reached the mirror", bearer)
			}
			right = right || password == "the mirror's"
		}
		if !right {
			t.Errorf("bearer %t: the mirror's password did not reach it", bearer)
		}
	}
}
