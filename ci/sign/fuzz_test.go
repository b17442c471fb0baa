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
		v := &verification{Evidence: Evidence{Image: image}, keys: []Key{signer.public}}
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
