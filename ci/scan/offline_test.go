package scan_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/scan/testimage"
)

// TestNothingPhonesHome scans while every way out is counted and refused: the default transport, the default resolver and, for whatever makes
// its own transport, proxies that nobody listens on. No version check, no telemetry, no update of any database.
func TestNothingPhonesHome(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://127.0.0.1:1")
	}
	img, db := testimage.Vulnerable(t), database(t) // compiling the program may ask the module proxy; the scan may ask nobody

	var asked atomic.Int32
	refuse := func() error {
		asked.Add(1)
		return errors.New("the network is refused")
	}
	transport, resolver := http.DefaultTransport, net.DefaultResolver
	t.Cleanup(func() { http.DefaultTransport, net.DefaultResolver = transport, resolver })
	http.DefaultTransport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, refuse() })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, refuse() }}

	if _, err := http.Get("http://example.com/"); err == nil || asked.Load() != 1 {
		t.Fatal("the guard does not guard")
	}
	r, err := scan.Image(t.Context(), img, db, scan.Options{Name: "registry.example.com/ai/server:test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	if n := asked.Load() - 1; n != 0 {
		t.Errorf("the scan asked the network %d times", n)
	}
	if len(r.Findings) != 3 {
		t.Errorf("%d findings", len(r.Findings))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
