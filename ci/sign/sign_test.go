package sign_test

import (
	"encoding/json"
	"io"
	"slices"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// What was signed and attested verifies, and the evidence holds all of it.
func TestSignAndVerify(t *testing.T) {
	for name, referrers := range map[string]bool{"OCI 1.1": true, "before OCI 1.1": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, referrers)
			signer, keys := newSigner(t)
			if got, want := w.signImage(w.image, signer), (sign.Changes{Written: 3}); got != want {
				t.Errorf("signing wrote %+v, not the index's signature and two platforms'", got)
			}
			if got, want := w.attest(w.image, signer, everything()...), (sign.Changes{Written: 4}); got != want {
				t.Errorf("attesting wrote %+v", got)
			}
			evidence, err := sign.Verify(t.Context(), nil, w.image, keys, full())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(evidence.KeyIDs, []string{signer.KeyID()}) || len(evidence.Ignored) > 0 {
				t.Errorf("signed by %v, ignored %v", evidence.KeyIDs, evidence.Ignored)
			}
			if len(evidence.SBOMs) != 2 || evidence.SBOMs[0].Format != sign.CycloneDXPredicate || evidence.SBOMs[0].Components != 2 || evidence.SBOMs[1].Format != sign.SPDXPredicate {
				t.Errorf("SBOMs: %+v", evidence.SBOMs)
			}
			if got := evidence.Scan.Scanner.Result.Findings; len(got) != 1 || got[0].ID != "CVE-2026-0001" || evidence.Scan.KeyID != signer.KeyID() {
				t.Errorf("scan: %+v", evidence.Scan)
			}
			if got := evidence.Provenance.Definition.Parameters.Source; got != "https://github.com/mlfleet/mlfleet" {
				t.Errorf("built from %q", got)
			}
			// An admission controller looks at the platform's own digest.
			for _, platform := range w.platforms {
				if _, err := sign.Verify(t.Context(), nil, platform, keys, sign.Requirements{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A statement names the index and its platform images, or those that it is about.
func TestSubjects(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	one := spdx()
	one.Platforms = []string{w.platforms[1].DigestStr()}
	w.attest(w.image, signer, cycloneDX(), one)
	want := [][]string{
		{w.image.DigestStr(), w.platforms[0].DigestStr(), w.platforms[1].DigestStr()},
		{w.image.DigestStr(), w.platforms[1].DigestStr()},
	}
	for i, layer := range w.manifest(tag(w.image, "att")).Layers {
		var envelope struct{ Payload []byte }
		var statement struct {
			Type    string `json:"_type"`
			Subject []struct {
				Name   string
				Digest map[string]string
			}
		}
		if err := json.Unmarshal(w.blob(layer), &envelope); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(envelope.Payload, &statement); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range statement.Subject {
			got = append(got, "sha256:"+s.Digest["sha256"])
			if s.Name != w.repository.Name() {
				t.Errorf("subject %q", s.Name)
			}
		}
		if !slices.Equal(got, want[i]) || statement.Type != "https://in-toto.io/Statement/v1" {
			t.Errorf("%s about %v, want %v", statement.Type, got, want[i])
		}
	}
}

// Signing again changes nothing in the registry, and two keys' signatures live
// side by side.
func TestSignTwice(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	other, otherKeys := newSigner(t)
	w.signImage(w.image, signer)
	w.attest(w.image, signer, everything()...)
	before, attested := w.digest(tag(w.image, "sig")), w.digest(tag(w.image, "att"))
	if got := w.signImage(w.image, signer); got != (sign.Changes{Kept: 3}) {
		t.Errorf("signing again: %+v", got)
	}
	if got := w.attest(w.image, signer, everything()...); got != (sign.Changes{Kept: 4}) {
		t.Errorf("attesting again: %+v", got)
	}
	if w.digest(tag(w.image, "sig")) != before || w.digest(tag(w.image, "att")) != attested {
		t.Error("doing it again moved a tag")
	}
	w.signImage(w.image, other)
	w.attest(w.image, other, scan(now, true))
	if got := len(w.manifest(tag(w.image, "sig")).Layers); got != 2 {
		t.Errorf("%d signatures of two keys", got)
	}
	if got := len(w.manifest(tag(w.image, "att")).Layers); got != 5 {
		t.Errorf("%d statements of two keys", got)
	}
	if got := len(w.referrers(w.image, signatureArtifact)); got != 2 {
		t.Errorf("%d referrers with signatures of two keys", got)
	}
	if got := len(w.referrers(w.image, statementArtifact)); got != 5 {
		t.Errorf("%d referrers with statements of two keys", got)
	}
	for _, keys := range [][]sign.Key{keys, otherKeys} {
		if _, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{Scan: true}); err != nil {
			t.Error(err)
		}
	}
}

// A new scan takes the place of the same key's old one, and of nothing else.
func TestAttestReplaces(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	other, otherKeys := newSigner(t)
	w.signImage(w.image, signer)
	w.attest(w.image, signer, everything()...)
	w.attest(w.image, other, scan(now.Add(-3*time.Hour), true))
	w.attest(w.image, signer, scan(now, true))
	if got := len(w.manifest(tag(w.image, "att")).Layers); got != 5 {
		t.Errorf("%d statements: the replaced scan is still there, or another went", got)
	}
	if got := len(w.referrers(w.image, statementArtifact)); got != 5 {
		t.Errorf("%d referrers", got)
	}
	evidence, err := sign.Verify(t.Context(), nil, w.image, keys, full())
	if err != nil || !evidence.Scan.Metadata.Finished.Equal(now) || len(evidence.SBOMs) != 2 {
		t.Errorf("%+v, %v", evidence, err)
	}
	evidence, _ = sign.Verify(t.Context(), nil, w.image, otherKeys, sign.Requirements{})
	if evidence.Scan == nil || !evidence.Scan.Metadata.Finished.Equal(now.Add(-3*time.Hour)) {
		t.Errorf("the other key's scan: %+v", evidence.Scan)
	}
}

// What stands in cosign's list and is nothing that we know stays there.
func TestForeignLayersStay(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	foreign := w.putBlob([]byte("something"), "application/vnd.example")
	foreign.Annotations = map[string]string{"who": "knows"}
	manifest := v1.Manifest{Layers: []v1.Descriptor{foreign}, Annotations: map[string]string{"on": "the manifest"}}
	w.putManifest(tag(w.image, "sig"), manifest)
	w.signImage(w.image, signer)
	got := w.manifest(tag(w.image, "sig"))
	if len(got.Layers) != 2 || got.Layers[0].MediaType != "application/vnd.example" || got.Layers[0].Annotations["who"] != "knows" || got.Annotations["on"] != "the manifest" {
		t.Errorf("%+v", got)
	}
	if _, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{}); err != nil {
		t.Error(err)
	}
}

// A list that cannot be read may hold others' signatures: it is not overwritten.
func TestUnreadableListStays(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	w.putRaw(tag(w.image, "sig"), []byte(`{"layers": 5}`), types.OCIManifestSchema1)
	_, err := sign.Sign(t.Context(), nil, w.image, signer)
	wantError(t, err, "holds something that is no list of signatures", "delete the tag")
}

// Two signers that write the list at the same time lose one line of it; the
// referrers keep both. The other way round, registries without referrers have
// the list.
func TestEitherPlaceIsEnough(t *testing.T) {
	signer, keys := newSigner(t)
	t.Run("list lost", func(t *testing.T) {
		w := newWorld(t, true)
		w.signImage(w.image, signer)
		w.attest(w.image, signer, everything()...)
		for _, suffix := range []string{"sig", "att"} {
			w.putManifest(tag(w.image, suffix), v1.Manifest{Layers: []v1.Descriptor{}})
		}
		if _, err := sign.Verify(t.Context(), nil, w.image, keys, full()); err != nil {
			t.Fatal(err)
		}
		// Signing again mends the list with the same signature.
		if got := w.signImage(w.image, signer); got.Written != 0 {
			t.Errorf("a second signature was made: %+v", got)
		}
		if got := len(w.manifest(tag(w.image, "sig")).Layers); got != 1 {
			t.Errorf("the list has %d signatures", got)
		}
		if got := len(w.referrers(w.image, signatureArtifact)); got != 1 {
			t.Errorf("%d referrers", got)
		}
	})
	t.Run("referrers lost", func(t *testing.T) {
		w := newWorld(t, true)
		w.signImage(w.image, signer)
		w.attest(w.image, signer, everything()...)
		for _, artifact := range []string{signatureArtifact, statementArtifact} {
			for _, r := range w.referrers(w.image, artifact) {
				if err := remote.Delete(w.repository.Digest(r.Digest.String())); err != nil {
					t.Fatal(err)
				}
			}
		}
		if _, err := sign.Verify(t.Context(), nil, w.image, keys, full()); err != nil {
			t.Error(err)
		}
	})
}

// A referrer says what it is in both ways that registries list.
func TestReferrers(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	w.signImage(w.image, signer)
	w.attest(w.image, signer, scan(now, true))
	for _, artifact := range []string{signatureArtifact, statementArtifact} {
		list := w.referrers(w.image, artifact)
		if len(list) != 1 {
			t.Fatalf("%d referrers of type %s", len(list), artifact)
		}
		m := w.manifest(w.repository.Digest(list[0].Digest.String()))
		if m.ArtifactType != artifact || string(m.Config.MediaType) != artifact || m.Subject.Digest.String() != w.image.DigestStr() || m.Subject.MediaType != types.OCIImageIndex {
			t.Errorf("%+v", m)
		}
	}
	if got := w.referrers(w.image, statementArtifact)[0].Annotations["in-toto.io/predicate-type"]; got != provenance.ScanPredicate {
		t.Errorf("a list of referrers shows the predicate type %q", got)
	}
}

// Evidence about a third party's image goes to a repository of ours.
func TestEvidenceRepository(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	evidence := w.repository.Registry.Repo("ours", "evidence")
	store := &sign.Store{Evidence: &evidence}
	if _, err := sign.Sign(t.Context(), store, w.image, signer); err != nil {
		t.Fatal(err)
	}
	if _, err := sign.Attest(t.Context(), store, w.image, signer, everything()...); err != nil {
		t.Fatal(err)
	}
	if _, err := sign.Verify(t.Context(), store, w.image, keys, full()); err != nil {
		t.Error(err)
	}
	if _, err := remote.Head(tag(w.image, "sig")); err == nil {
		t.Error("something was written beside the image")
	}
	wantCauses(t, errorOf(sign.Verify(t.Context(), nil, w.image, keys, full())), sign.NoSignature, sign.NoSBOM, sign.NoScan, sign.NoProvenance)
}

// An image that is not there cannot be signed.
func TestSignMissing(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	missing := w.repository.Digest("sha256:" + zeros)
	_, err := sign.Sign(t.Context(), nil, missing, signer)
	wantError(t, err, "looking for the image "+missing.String(), "MANIFEST_UNKNOWN")
	_, err = sign.Attest(t.Context(), nil, missing, signer, cycloneDX())
	wantError(t, err, "looking for the image "+missing.String())
}

// A predicate that verifying would refuse is not signed.
func TestAttestOversize(t *testing.T) {
	w := newWorld(t, true)
	signer, _ := newSigner(t)
	_, err := sign.Attest(t.Context(), nil, w.image, signer, sign.Predicate{Type: "x", Body: make([]byte, 33<<20)})
	wantError(t, err, "the predicate x has 44 MiB", "at most 32")
	_, err = sign.Attest(t.Context(), nil, w.image, signer, sign.Predicate{Body: 1})
	wantError(t, err, "a predicate has no type")
	if _, err := remote.Head(tag(w.image, "att")); err == nil {
		t.Error("something was written")
	}
}

func (w *world) blob(d v1.Descriptor) []byte {
	w.Helper()
	layer, err := remote.Layer(w.repository.Digest(d.Digest.String()))
	if err != nil {
		w.Fatal(err)
	}
	stream, err := layer.Compressed()
	if err != nil {
		w.Fatal(err)
	}
	defer stream.Close()
	data, err := io.ReadAll(stream)
	if err != nil {
		w.Fatal(err)
	}
	return data
}
