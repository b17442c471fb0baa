package sign_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// now is the time that the tests play at.
var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a registry with an image for two platforms in it.
type world struct {
	*testing.T
	repository name.Repository
	image      name.Digest
	platforms  []name.Digest
	keys       []sign.Key // further keys to trust
	// intercept may answer a request in the registry's place; it says whether it did.
	intercept func(http.ResponseWriter, *http.Request) bool
}

// newWorld starts a registry. Without referrers it is one from before OCI 1.1.
func newWorld(t *testing.T, referrers bool) *world {
	t.Helper()
	w := &world{T: t}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers))
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, in *http.Request) {
		if w.intercept == nil || !w.intercept(out, in) {
			inner.ServeHTTP(out, in)
		}
	}))
	t.Cleanup(server.Close)
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/mlfleet/inference")
	if err != nil {
		t.Fatal(err)
	}
	w.repository = repository
	w.image, w.platforms = w.push(repository)
	return w
}

// push pushes a new image for two platforms.
func (w *world) push(repository name.Repository) (name.Digest, []name.Digest) {
	w.Helper()
	index, err := random.Index(100, 1, 2)
	if err != nil {
		w.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		w.Fatal(err)
	}
	if err := remote.WriteIndex(repository.Tag("main"), index); err != nil {
		w.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		w.Fatal(err)
	}
	var platforms []name.Digest
	for _, m := range manifest.Manifests {
		platforms = append(platforms, repository.Digest(m.Digest.String()))
	}
	return repository.Digest(digest.String()), platforms
}

// manifest is the manifest at a tag or digest.
func (w *world) manifest(ref name.Reference) v1.Manifest {
	w.Helper()
	got, err := remote.Get(ref)
	if err != nil {
		w.Fatal(err)
	}
	var m v1.Manifest
	if err := json.Unmarshal(got.Manifest, &m); err != nil {
		w.Fatal(err)
	}
	return m
}

// tag is cosign's for an image.
func tag(image name.Digest, suffix string) name.Tag {
	return image.Tag(strings.Replace(image.DigestStr(), ":", "-", 1) + "." + suffix)
}

// referrers are those of an image with an artifact type.
func (w *world) referrers(image name.Digest, artifact string) []v1.Descriptor {
	w.Helper()
	index, err := remote.Referrers(image, remote.WithFilter("artifactType", artifact))
	if err != nil {
		w.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		w.Fatal(err)
	}
	return manifest.Manifests
}

const (
	signatureArtifact = "application/vnd.dev.cosign.artifact.sig.v1+json"
	statementArtifact = "application/vnd.in-toto+json"
)

// newSigner makes a key.
func newSigner(t *testing.T) (*sign.PrivateKey, []sign.Key) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := sign.NewPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := sign.NewKey(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	return signer, []sign.Key{key}
}

// signImage signs and fails the test where that fails.
func (w *world) signImage(image name.Digest, signer sign.Signer) sign.Changes {
	w.Helper()
	changes, err := sign.Sign(w.Context(), nil, image, signer)
	if err != nil {
		w.Fatal(err)
	}
	return changes
}

// attest attests and fails the test where that fails.
func (w *world) attest(image name.Digest, signer sign.Signer, predicates ...sign.Predicate) sign.Changes {
	w.Helper()
	changes, err := sign.Attest(w.Context(), nil, image, signer, predicates...)
	if err != nil {
		w.Fatal(err)
	}
	return changes
}

// everything is what a build says about an image.
func everything() []sign.Predicate {
	return []sign.Predicate{cycloneDX(), spdx(), scan(now.Add(-time.Hour), true), build("https://ci.example/image")}
}

// full wants all of it.
func full() sign.Requirements {
	return sign.Requirements{
		SBOM: true, Scan: true, MaxScanAge: 24 * time.Hour, Now: now, Provenance: true,
		Builders: []string{"https://ci.example/image"}, Sources: []string{"https://github.com/mlfleet/mlfleet"},
	}
}

func cycloneDX() sign.Predicate {
	return sign.Predicate{Type: sign.CycloneDXPredicate, Body: json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"libc6"},{"name":"tzdata"}]}`)}
}

func spdx() sign.Predicate {
	return sign.Predicate{Type: sign.SPDXPredicate, Body: json.RawMessage(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"libc6"}]}`)}
}

// scan is a scan that ended at a time, with one finding that blocks where it has
// not passed.
func scan(at time.Time, passed bool) sign.Predicate {
	return sign.Predicate{Type: provenance.ScanPredicate, Body: scanOf(at, passed)}
}

func scanOf(at time.Time, passed bool) *provenance.Scan {
	return &provenance.Scan{
		Invocation: provenance.Invocation{URI: "https://ci.example/runs/7", EventID: "7", BuilderID: "https://ci.example/image"},
		Scanner: provenance.Scanner{
			URI: "pkg:golang/github.com/aquasecurity/trivy@v0.74.0", Version: "v0.74.0",
			DB: provenance.Database{URI: "ghcr.io/aquasecurity/trivy-db:2", Version: "2"},
			Result: provenance.Result{
				Version: provenance.ResultVersion, Passed: passed,
				Policy: provenance.Policy{Gate: "HIGH"}, DBUpdated: at.Add(-6 * time.Hour),
				Findings: []provenance.Finding{{ID: "CVE-2026-0001", Severity: "CRITICAL", Package: "libc6", Version: "2.36-9", Blocking: !passed, Waived: passed}},
				Waivers:  []provenance.Waiver{{ID: "CVE-2026-0001", Reason: "not reachable", Owner: "platform", Expires: at.Add(30 * 24 * time.Hour)}},
			},
		},
		Metadata: provenance.ScanMetadata{Started: at.Add(-time.Minute), Finished: at},
	}
}

func build(builder string) sign.Predicate {
	return sign.Predicate{Type: provenance.BuildPredicate, Body: buildOf(builder)}
}

func buildOf(builder string) *provenance.Build {
	return &provenance.Build{
		Definition: provenance.Definition{
			BuildType:  provenance.BuildType,
			Parameters: provenance.Parameters{Source: "https://github.com/mlfleet/mlfleet", Revision: strings.Repeat("1a", 20)},
		},
		Run: provenance.Run{Builder: provenance.Builder{ID: builder}},
	}
}

// client is a sign.Client for the tests that need one.
type client func(ctx context.Context) []remote.Option

func (c client) Options(ctx context.Context) []remote.Option { return c(ctx) }

// once makes requests fail at once: no waiting for a registry that never comes back.
func once(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithRetryBackoff(remote.Backoff{Steps: 1})}
}

const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// digest is that of what a tag points to.
func (w *world) digest(ref name.Reference) string {
	w.Helper()
	got, err := remote.Head(ref)
	if err != nil {
		w.Fatal(err)
	}
	return got.Digest.String()
}

// putBlob pushes a blob.
func (w *world) putBlob(content []byte, mediaType types.MediaType) v1.Descriptor {
	w.Helper()
	layer := static.NewLayer(content, mediaType)
	if err := remote.WriteLayer(w.repository, layer); err != nil {
		w.Fatal(err)
	}
	digest, err := layer.Digest()
	if err != nil {
		w.Fatal(err)
	}
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: int64(len(content))}
}

// putManifest pushes a manifest as it is.
func (w *world) putManifest(ref name.Reference, m v1.Manifest) {
	w.Helper()
	m.SchemaVersion, m.MediaType = 2, types.OCIManifestSchema1
	if m.Config.MediaType == "" {
		m.Config = w.putBlob([]byte("{}"), types.OCIConfigJSON)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		w.Fatal(err)
	}
	w.putRaw(ref, raw, types.OCIManifestSchema1)
}

// putRaw pushes bytes as a manifest, past all libraries.
func (w *world) putRaw(ref name.Reference, raw []byte, mediaType types.MediaType) {
	w.Helper()
	url := fmt.Sprintf("http://%s/v2/%s/manifests/%s", ref.Context().RegistryStr(), ref.Context().RepositoryStr(), ref.Identifier())
	request, err := http.NewRequestWithContext(w.Context(), http.MethodPut, url, bytes.NewReader(raw))
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Content-Type", string(mediaType))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		w.Fatalf("PUT %s: %s", url, answer.Status)
	}
}

// putReferrer makes a referrer of one layer.
func (w *world) putReferrer(subject v1.Descriptor, layer v1.Descriptor) {
	w.Helper()
	m := v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: statementArtifact, Subject: &subject,
		Config: w.putBlob([]byte("{}"), statementArtifact), Layers: []v1.Descriptor{layer},
	}
	raw, err := json.Marshal(m)
	if err != nil {
		w.Fatal(err)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		w.Fatal(err)
	}
	w.putRaw(w.repository.Digest(digest.String()), raw, types.OCIManifestSchema1)
}

// descriptorOf is that of a manifest.
func descriptorOf(w *world, ref name.Reference) v1.Descriptor {
	w.Helper()
	got, err := remote.Get(ref)
	if err != nil {
		w.Fatal(err)
	}
	return v1.Descriptor{MediaType: got.MediaType, Digest: got.Digest, Size: got.Size}
}

// recode changes base64 text.
func recode(text, from, to string) string {
	content, err := base64.StdEncoding.DecodeString(text)
	if err != nil || !strings.Contains(string(content), from) {
		panic(fmt.Sprintf("%q is not in the payload: %v", from, err))
	}
	return base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(string(content), from, to)))
}

// wantError checks that an error says certain things.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want one that says %q", parts)
		return
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q does not say %q", err, part)
		}
	}
}

// wantCauses checks that an image is unproven for these causes and no others.
func wantCauses(t *testing.T, err error, causes ...sign.Cause) {
	t.Helper()
	unproven, ok := errors.AsType[*sign.UnprovenError](err)
	if !ok {
		t.Errorf("the error is %v, want one with the causes %v", err, causes)
		return
	}
	var got []sign.Cause
	for _, r := range unproven.Reasons {
		got = append(got, r.Cause)
	}
	if !slices.Equal(got, causes) {
		t.Errorf("causes %v, want %v: %v", got, causes, err)
	}
}

func errorOf(_ *sign.Evidence, err error) error { return err }
