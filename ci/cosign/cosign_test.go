package cosign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/cosign/v2/cmd/cosign/cli/attest"
	"github.com/sigstore/cosign/v2/cmd/cosign/cli/options"
	cosignsign "github.com/sigstore/cosign/v2/cmd/cosign/cli/sign"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	"github.com/sigstore/cosign/v2/pkg/oci"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

var now = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const password = "correct horse"

// push starts a registry and pushes an image for two platforms.
func push(t *testing.T) (name.Digest, []name.Digest) {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	t.Cleanup(server.Close)
	repository, err := name.NewRepository(strings.TrimPrefix(server.URL, "http://") + "/mlfleet/inference")
	if err != nil {
		t.Fatal(err)
	}
	return write(t, repository)
}

// pushInto pushes another image into a repository.
func pushInto(t *testing.T, repository name.Repository) name.Digest {
	t.Helper()
	digest, _ := write(t, repository)
	return digest
}

// write pushes an index of random images.
func write(t *testing.T, repository name.Repository) (name.Digest, []name.Digest) {
	t.Helper()
	index, err := random.Index(100, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(repository.Tag("main"), index); err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []name.Digest
	for _, m := range manifest.Manifests {
		platforms = append(platforms, repository.Digest(m.Digest.String()))
	}
	return repository.Digest(digest.String()), platforms
}

// keyPair is a key's files: of cosign's making or of ours.
type keyPair struct{ private, public string }

// cosignKeys has cosign make a key, encrypted as it does.
func cosignKeys(t *testing.T) keyPair {
	t.Helper()
	made, err := cosign.GenerateKeyPair(func(bool) ([]byte, error) { return []byte(password), nil })
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k := keyPair{filepath.Join(dir, "cosign.key"), filepath.Join(dir, "cosign.pub")}
	for file, data := range map[string][]byte{k.private: made.PrivateBytes, k.public: made.PublicBytes} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// ourKeys makes an encrypted key of ours.
func ourKeys(t *testing.T) keyPair {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "ours")
	if _, err := sign.GenerateKey(prefix, []byte(password)); err != nil {
		t.Fatal(err)
	}
	return keyPair{prefix + ".key", prefix + ".pub"}
}

var keyring = &sign.Keyring{Getenv: func(variable string) string {
	return map[string]string{sign.PasswordVariable: password}[variable]
}}

func (k keyPair) signer(t *testing.T) sign.Signer {
	t.Helper()
	signer, err := keyring.Signer(t.Context(), k.private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

func (k keyPair) keys(t *testing.T) []sign.Key {
	t.Helper()
	keys, err := keyring.Public(t.Context(), k.public)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// check are cosign's options to verify with a key, offline.
func (k keyPair) check(t *testing.T) *cosign.CheckOpts {
	t.Helper()
	data, err := os.ReadFile(k.public)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	public, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := signature.LoadECDSAVerifier(public.(*ecdsa.PublicKey), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return &cosign.CheckOpts{SigVerifier: verifier, IgnoreTlog: true, Offline: true, ClaimVerifier: cosign.SimpleClaimVerifier}
}

// options are those of cosign's commands.
func (k keyPair) options() options.KeyOpts {
	return options.KeyOpts{KeyRef: k.private, PassFunc: func(bool) ([]byte, error) { return []byte(password), nil }, SkipConfirmation: true}
}

// cosignSign is "cosign sign --key … --tlog-upload=false".
func (k keyPair) cosignSign(t *testing.T, image name.Digest, recursive bool) {
	t.Helper()
	err := cosignsign.SignCmd(&options.RootOptions{Timeout: time.Minute}, k.options(), options.SignOptions{Upload: true, Recursive: recursive}, []string{image.String()})
	if err != nil {
		t.Fatal(err)
	}
}

// cosignAttest is "cosign attest --key … --type … --tlog-upload=false".
func (k keyPair) cosignAttest(t *testing.T, image name.Digest, kind string, predicate any) {
	t.Helper()
	data, err := json.Marshal(predicate)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "predicate.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	command := attest.AttestCommand{KeyOpts: k.options(), PredicatePath: file, PredicateType: kind, RekorEntryType: "dsse", Timeout: time.Minute}
	if err := command.Exec(t.Context(), image.String()); err != nil {
		t.Fatal(err)
	}
}

// signatures has cosign verify an image's signatures.
func (k keyPair) signatures(t *testing.T, image name.Digest) ([]oci.Signature, error) {
	t.Helper()
	found, _, err := cosign.VerifyImageSignatures(t.Context(), image, k.check(t))
	return found, err
}

// attestations has cosign verify an image's attestations, and gives their types.
func (k keyPair) attestations(t *testing.T, image name.Digest) ([]string, error) {
	t.Helper()
	check := k.check(t)
	check.ClaimVerifier = cosign.IntotoSubjectClaimVerifier
	found, _, err := cosign.VerifyImageAttestations(t.Context(), image, check)
	var types []string
	for _, a := range found {
		annotations, err := a.Annotations()
		if err != nil {
			t.Fatal(err)
		}
		types = append(types, annotations["predicateType"])
	}
	slices.Sort(types)
	return types, err
}

var (
	cycloneDX = json.RawMessage(`{"bomFormat":"CycloneDX","specVersion":"1.6","components":[{"name":"libc6"}]}`)
	spdx      = json.RawMessage(`{"spdxVersion":"SPDX-2.3","packages":[{"name":"libc6"}]}`)
	scan      = &provenance.Scan{
		Scanner: provenance.Scanner{
			URI: "pkg:golang/github.com/aquasecurity/trivy@v0.74.0", Version: "v0.74.0",
			DB: provenance.Database{URI: "ghcr.io/aquasecurity/trivy-db:2", Version: "2"},
			Result: provenance.Result{
				Version: provenance.ResultVersion, Passed: true, Policy: provenance.Policy{Gate: "HIGH"}, DBUpdated: now,
				Findings: []provenance.Finding{{ID: "CVE-2026-0001", Severity: "LOW", Package: "libc6"}}, Waivers: []provenance.Waiver{},
			},
		},
		Metadata: provenance.ScanMetadata{Started: now, Finished: now},
	}
	build = &provenance.Build{
		Definition: provenance.Definition{
			BuildType:  provenance.BuildType,
			Parameters: provenance.Parameters{Source: "https://github.com/mlfleet/mlfleet", Revision: strings.Repeat("1a", 20), Platforms: []string{"linux/amd64"}},
			Dependencies: []provenance.Resource{
				{URI: "git+https://github.com/mlfleet/mlfleet", Digest: map[string]string{"gitCommit": strings.Repeat("1a", 20)}},
				{URI: "pkg:deb/debian/libc6@2.36-9", Digest: map[string]string{"sha256": strings.Repeat("2b", 32)}},
			},
		},
		Run: provenance.Run{Builder: provenance.Builder{ID: "https://ci.example/image"}, Metadata: provenance.RunMetadata{InvocationID: "7", Started: &now, Finished: &now}},
	}
	predicates = []sign.Predicate{
		{Type: sign.CycloneDXPredicate, Body: cycloneDX}, {Type: sign.SPDXPredicate, Body: spdx},
		{Type: provenance.ScanPredicate, Body: scan}, {Type: provenance.BuildPredicate, Body: build},
	}
	predicateTypes = []string{provenance.ScanPredicate, sign.CycloneDXPredicate, provenance.BuildPredicate, sign.SPDXPredicate}
	everything     = sign.Requirements{
		SBOM: true, Scan: true, MaxScanAge: time.Hour, Now: now, Provenance: true,
		Builders: []string{"https://ci.example/image"}, Sources: []string{"https://github.com/mlfleet/mlfleet"},
	}
)

// bothMakers are keys of either's making: each must read the other's.
func bothMakers(t *testing.T, test func(t *testing.T, k keyPair)) {
	t.Run("key by cosign", func(t *testing.T) { test(t, cosignKeys(t)) })
	t.Run("key by ci/sign", func(t *testing.T) { test(t, ourKeys(t)) })
}

// Cosign verifies what we signed and attested: in its tags, and as referrers.
func TestCosignVerifiesOurs(t *testing.T) {
	bothMakers(t, func(t *testing.T, k keyPair) {
		image, platforms := push(t)
		if _, err := sign.Sign(t.Context(), nil, image, k.signer(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := sign.Attest(t.Context(), nil, image, k.signer(t), predicates...); err != nil {
			t.Fatal(err)
		}
		for _, one := range append([]name.Digest{image}, platforms...) {
			found, err := k.signatures(t, one)
			if err != nil || len(found) != 1 {
				t.Errorf("cosign finds %d signatures of %s: %v", len(found), one, err)
			}
			referring := k.check(t)
			referring.ExperimentalOCI11 = true
			viaReferrers, _, err := cosign.VerifyImageSignatures(t.Context(), one, referring)
			if err != nil || len(viaReferrers) != 1 {
				t.Errorf("cosign finds %d signatures among the referrers of %s: %v", len(viaReferrers), one, err)
			}
		}
		types, err := k.attestations(t, image)
		want := slices.Sorted(slices.Values(predicateTypes))
		if err != nil || !slices.Equal(types, want) {
			t.Errorf("cosign finds attestations %v: %v", types, err)
		}
	})
}

// We verify what cosign's commands signed and attested.
func TestWeVerifyCosigns(t *testing.T) {
	bothMakers(t, func(t *testing.T, k keyPair) {
		image, platforms := push(t)
		k.cosignSign(t, image, true)
		k.cosignAttest(t, image, "cyclonedx", cycloneDX)
		k.cosignAttest(t, image, "spdxjson", spdx)
		k.cosignAttest(t, image, "vuln", scan)
		k.cosignAttest(t, image, "slsaprovenance1", build)
		evidence, err := sign.Verify(t.Context(), nil, image, k.keys(t), everything)
		if err != nil {
			t.Fatal(err)
		}
		if len(evidence.KeyIDs) != 1 || len(evidence.SBOMs) != 2 || len(evidence.Ignored) != 0 {
			t.Errorf("%+v", evidence)
		}
		if got := evidence.Scan.Scanner.Result.Findings; len(got) != 1 || got[0].ID != "CVE-2026-0001" {
			t.Errorf("the scan's findings became %+v", got)
		}
		if got := evidence.Provenance.Definition.Dependencies; len(got) != 2 {
			t.Errorf("the build's dependencies became %+v", got)
		}
		for _, platform := range platforms {
			if _, err := sign.Verify(t.Context(), nil, platform, k.keys(t), sign.Requirements{}); err != nil {
				t.Error(err)
			}
		}
	})
}

// With one key, neither signs again what the other has; with two, both stay.
func TestSideBySide(t *testing.T) {
	image, _ := push(t)
	ours, theirs := ourKeys(t), cosignKeys(t)
	theirs.cosignSign(t, image, true)
	theirs.cosignAttest(t, image, "vuln", scan)
	if got, err := sign.Sign(t.Context(), nil, image, theirs.signer(t)); err != nil || got.Written != 0 {
		t.Errorf("cosign's signature of the same key is signed again: %+v, %v", got, err)
	}
	if _, err := sign.Sign(t.Context(), nil, image, ours.signer(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := sign.Attest(t.Context(), nil, image, ours.signer(t), predicates...); err != nil {
		t.Fatal(err)
	}
	theirs.cosignSign(t, image, false)
	for _, k := range []keyPair{ours, theirs} {
		found, err := k.signatures(t, image)
		if err != nil || len(found) != 1 {
			t.Errorf("cosign finds %d signatures of one key: %v", len(found), err)
		}
		if _, err := sign.Verify(t.Context(), nil, image, k.keys(t), sign.Requirements{Scan: true}); err != nil {
			t.Error(err)
		}
	}
	if types, err := theirs.attestations(t, image); err != nil || !slices.Equal(types, []string{provenance.ScanPredicate}) {
		t.Errorf("cosign's attestations became %v: %v", types, err)
	}
}
