package sign

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// FuzzVerification gives the verification whatever a registry may serve as a
// signature's payload or an attestation's envelope, signed by a trusted key or
// not: it takes it or says why not, and what is not signed never counts.
func FuzzVerification(f *testing.F) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	signer, err := NewPrivateKey(private)
	if err != nil {
		f.Fatal(err)
	}
	image, err := name.NewDigest("ghcr.io/mlfleet/inference@sha256:" + strings.Repeat("a", 64))
	if err != nil {
		f.Fatal(err)
	}
	payload, err := newPayload(image)
	if err != nil {
		f.Fatal(err)
	}
	statement, err := newStatement(image, Predicate{Type: CycloneDXPredicate, Body: json.RawMessage(`{"bomFormat":"CycloneDX","components":[{}]}`)})
	if err != nil {
		f.Fatal(err)
	}
	foreign, err := seal(context.Background(), signer, statement)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(payload)
	f.Add(statement)
	f.Add(foreign)
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"digest":{"sha256":""}}],"predicateType":"` + provenance.ScanPredicate + `","predicate":{}}`))
	f.Add([]byte(`{"payloadType":"application/vnd.in-toto+json","payload":"====","signatures":[{"sig":"!"}]}`))
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	stranger, err := NewKey(other.Public())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v := &verification{Evidence: Evidence{Image: image}, platforms: []string{"sha256:" + strings.Repeat("b", 64)}, keys: []Key{signer.public}}
		unsigned := attachment{content: data, from: "here"}
		if r := v.signature(unsigned); r == nil {
			t.Fatal("a payload without a signature counts")
		}
		// Signed by the key: only what is about the image counts.
		if p, err := parsePayload(data); err == nil {
			if cause, detail := p.claims(image); cause == "" && p.Critical.Image.Digest != image.DigestStr() || cause != "" && detail == "" {
				t.Fatalf("%q: %s %s", data, cause, detail)
			}
		}
		if r := v.statement(unsigned); r != nil && r.Detail == "" {
			t.Fatal("a refusal without a reason")
		}
		sealed, err := seal(t.Context(), signer, data)
		if err != nil {
			t.Fatal(err)
		}
		if r := v.statement(attachment{content: sealed, from: "here"}); r == nil && !strings.Contains(string(data), strings.Repeat("a", 64)) {
			t.Fatalf("%q counts, and is not about the image", data)
		}
		v.keys = []Key{stranger}
		if r := v.statement(attachment{content: sealed, descriptor: v1.Descriptor{}, from: "here"}); r == nil || r.Cause != OtherKey {
			t.Fatalf("another key's statement: %v", r)
		}
	})
}

// FuzzParseImage gives the reader whatever a registry may serve as an image's
// manifest: what is taken is an index or an image, and never both.
func FuzzParseImage(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":2,"digest":"sha256:`+strings.Repeat("a", 64)+`","platform":{"os":"linux","architecture":"amd64"}}]}`), "")
	f.Add([]byte(`{"schemaVersion":2,"config":{},"layers":[]}`), "application/vnd.oci.image.index.v1+json")
	f.Add([]byte(`{"manifests":[],"layers":[]}`), "application/vnd.docker.distribution.manifest.v1+prettyjws")
	f.Fuzz(func(t *testing.T, data []byte, served string) {
		m, err := parseImage(data, types.MediaType(served))
		if err != nil {
			return
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(data, &fields); err != nil {
			t.Fatal(err)
		}
		_, index := fields["manifests"]
		_, layers := fields["layers"]
		_, config := fields["config"]
		if index && string(fields["manifests"]) != "null" && (layers || config) {
			t.Fatalf("%q is an index and an image", data)
		}
		if len(m.platforms) > 0 && !m.descriptor.MediaType.IsIndex() && m.descriptor.MediaType.IsImage() {
			t.Fatalf("%q is of type %s and has platforms", data, m.descriptor.MediaType)
		}
		for _, digest := range append(m.platforms, m.runnable...) {
			if !sha256Digest.MatchString(digest) {
				t.Fatalf("%q names %q", data, digest)
			}
		}
	})
}
