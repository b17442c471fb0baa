package sign_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// What an index is says its content, and not the type that the registry gives it:
// all its platform images are signed.
func TestSignMistypedIndex(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.serve(w.image, w.raw(w.image), types.OCIManifestSchema1)
	if got := w.signImage(w.image, signer); got != (sign.Changes{Written: 3}) {
		t.Errorf("%+v: the platform images are unsigned", got)
	}
	w.attest(w.image, signer, only(scan(now, true), w.platforms[0]))
	wantCauses(t, errorOf(sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{Scan: true})), sign.NoScan, sign.Partial)
}

// A signed manifest of Docker's schema 1 is what its header says to the library
// that fetches it; here every manifest is what its bytes are.
func TestSignForgedDigest(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	other, _ := w.push(w.repository)
	w.serve(w.image, w.raw(other), types.DockerManifestSchema1Signed)
	_, err := sign.Sign(t.Context(), nil, w.image, signer)
	wantError(t, err, w.image.String(), "is not what its digest says")
	_, err = sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{})
	wantError(t, err, "is not what its digest says")
}

// An index as large as no registry takes is not read.
func TestSignGiganticIndex(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	raw := []byte(`{"schemaVersion":2,"manifests":[],"annotations":{"long":"` + strings.Repeat("x", 5<<20) + `"}}`)
	digest, _, err := v1.SHA256(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	image := w.repository.Digest(digest.String())
	w.putRaw(image, raw, types.OCIImageIndex)
	_, err = sign.Sign(t.Context(), nil, image, signer)
	wantError(t, err, "has 5 MiB: at most 4 are read")
}

// What somebody claims of a layer's size takes nothing from what else may be read.
func TestVerifyClaimedSizes(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.signImage(w.image, signer)
	w.attest(w.image, signer, everything()...)
	m := w.manifest(tag(w.image, "att"))
	huge, negative := m.Layers[0], m.Layers[0]
	huge.Size, negative.Size = 1<<60, -1<<60
	m.Layers = append([]v1.Descriptor{huge, negative}, m.Layers...)
	w.putManifest(tag(w.image, "att"), m)
	evidence, err := sign.Verify(t.Context(), nil, w.image, keys, full())
	if err != nil {
		t.Fatal(err)
	}
	if len(evidence.Ignored) != 2 || evidence.Ignored[0].Cause != sign.Oversize || evidence.Ignored[1].Cause != sign.Oversize {
		t.Errorf("ignored: %v", evidence.Ignored)
	}
}

// SBOMs of one platform's image each are those of the index together; a scan that
// cannot be read and is older than one that can changes nothing; a policy that
// blocks more than it must is welcome.
func TestVerifyTogether(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.signImage(w.image, signer)
	strict := scanOf(now, true)
	strict.Scanner.Result.Policy.Gate = "LOW"
	w.attest(w.image, signer, only(cycloneDX(), w.platforms[0]), only(cycloneDX(), w.platforms[1]), sign.Predicate{Type: provenance.ScanPredicate, Body: strict})
	old := scanOf(now.Add(-time.Hour), false)
	old.Scanner.Result.Version = 1
	keys = append(keys, w.attestAnew(w.image, sign.Predicate{Type: provenance.ScanPredicate, Body: old}))
	evidence, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{SBOM: true, Scan: true, Gate: "HIGH", Now: now})
	if err != nil || len(evidence.SBOMs) != 2 || len(evidence.Ignored) != 1 {
		t.Errorf("%+v, %v", evidence, err)
	}
}

// raw is a manifest's bytes.
func (w *world) raw(ref name.Reference) []byte {
	w.Helper()
	got, err := remote.Get(ref)
	if err != nil {
		w.Fatal(err)
	}
	return got.Manifest
}

// serve has the registry answer for an image with these bytes, under its digest.
func (w *world) serve(image name.Digest, raw []byte, mediaType types.MediaType) {
	w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
		if in.Method != http.MethodGet || !strings.HasSuffix(in.URL.Path, "/manifests/"+image.DigestStr()) {
			return false
		}
		out.Header().Set("Content-Type", string(mediaType))
		out.Header().Set("Docker-Content-Digest", image.DigestStr())
		out.Write(raw)
		return true
	}
}

// reseal changes the text of the one statement of an image, and signs it again.
func (w *world) reseal(image name.Digest, signer sign.Signer, from, to string) {
	w.Helper()
	w.editEnvelope(image, func(envelope map[string]any) {
		payload := recode(envelope["payload"].(string), from, to)
		statement, err := base64.StdEncoding.DecodeString(payload)
		if err != nil {
			w.Fatal(err)
		}
		signature, err := signer.Sign(w.Context(), dsse.PAE("application/vnd.in-toto+json", statement))
		if err != nil {
			w.Fatal(err)
		}
		envelope["payload"] = payload
		envelope["signatures"] = []any{map[string]any{"sig": base64.StdEncoding.EncodeToString(signature)}}
	})
}
