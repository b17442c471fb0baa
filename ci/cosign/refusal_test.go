package cosign_test

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/sigstore/cosign/v2/pkg/cosign"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// move copies what is said about an image to where cosign looks for another's.
func move(t *testing.T, from, to name.Digest) {
	t.Helper()
	for _, suffix := range []string{".sig", ".att"} {
		tag := func(image name.Digest) name.Tag {
			return image.Tag(strings.Replace(image.DigestStr(), ":", "-", 1) + suffix)
		}
		got, err := remote.Get(tag(from))
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Push(tag(to), got); err != nil {
			t.Fatal(err)
		}
		// As good as new: what was copied is what was there.
		copied, err := remote.Get(tag(to))
		if err != nil || copied.Digest != got.Digest {
			t.Fatalf("%v, %v", copied, err)
		}
	}
}

// refused checks why we refuse an image.
func refused(t *testing.T, image name.Digest, keys []sign.Key, want ...sign.Cause) {
	t.Helper()
	_, err := sign.Verify(t.Context(), nil, image, keys, sign.Requirements{Scan: true})
	unproven, ok := errors.AsType[*sign.UnprovenError](err)
	if !ok {
		t.Errorf("%s: %v", image, err)
		return
	}
	var got []sign.Cause
	for _, r := range unproven.Reasons {
		if !slices.Contains(got, r.Cause) {
			got = append(got, r.Cause)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s is refused for %v, want %v: %v", image, got, want, err)
	}
	t.Log(err)
}

// cosignRefuses checks that cosign takes neither an image's signatures nor its
// attestations, and for what it takes them.
func (k keyPair) cosignRefuses(t *testing.T, image name.Digest, signatures, attestations string) {
	t.Helper()
	if found, err := k.signatures(t, image); err == nil || !strings.Contains(err.Error(), signatures) {
		t.Errorf("cosign finds %d signatures: %v, want %q", len(found), err, signatures)
	}
	if types, err := k.attestations(t, image); err == nil || !strings.Contains(err.Error(), attestations) {
		t.Errorf("cosign finds attestations %v: %v, want %q", types, err, attestations)
	}
}

// Cosign refuses what we signed with another key, and what we signed of another
// digest.
func TestCosignRefusesOurs(t *testing.T) {
	bothMakers(t, func(t *testing.T, k keyPair) {
		image, _ := push(t)
		other := pushInto(t, image.Context())
		if _, err := sign.Sign(t.Context(), nil, image, k.signer(t)); err != nil {
			t.Fatal(err)
		}
		if _, err := sign.Attest(t.Context(), nil, image, k.signer(t), predicates...); err != nil {
			t.Fatal(err)
		}
		move(t, image, other)
		k.cosignRefuses(t, other, "no matching signatures", "no matching subject digest")
		cosignKeys(t).cosignRefuses(t, image, "invalid signature", "accepted signatures do not match threshold, Found: 0")
		ourKeys(t).cosignRefuses(t, image, "invalid signature", "accepted signatures do not match threshold, Found: 0")
		// The same checks pass where nothing is wrong.
		if found, err := k.signatures(t, image); err != nil || len(found) != 1 {
			t.Errorf("%d signatures, %v", len(found), err)
		}
	})
}

// We refuse what cosign signed with another key, of another digest, or in another
// repository.
func TestWeRefuseCosigns(t *testing.T) {
	bothMakers(t, func(t *testing.T, k keyPair) {
		image, _ := push(t)
		other := pushInto(t, image.Context())
		elsewhere := image.Context().Registry.Repo("attacker", "inference").Digest(image.DigestStr())
		k.cosignSign(t, image, false)
		k.cosignAttest(t, image, "vuln", scan)
		refused(t, image, ourKeys(t).keys(t), sign.OtherKey, sign.NoScan)
		refused(t, image, cosignKeys(t).keys(t), sign.OtherKey, sign.NoScan)
		move(t, image, other)
		refused(t, other, k.keys(t), sign.OtherDigest, sign.NoScan)
		got, err := remote.Get(image)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Push(elsewhere.Context().Tag("main"), got); err != nil {
			t.Fatal(err)
		}
		move(t, image, elsewhere)
		refused(t, elsewhere, k.keys(t), sign.OtherRepository)
		// The same checks pass where nothing is wrong.
		if _, err := sign.Verify(t.Context(), nil, image, k.keys(t), sign.Requirements{Scan: true}); err != nil {
			t.Error(err)
		}
	})
}

// A scan that cosign signed and that failed, or whose verdict does not follow from
// what it found, is refused as one of ours is.
func TestWeRefuseFailedScans(t *testing.T) {
	k := cosignKeys(t)
	for cause, change := range map[sign.Cause]func(*provenance.Result){
		sign.ScanFailed: func(r *provenance.Result) { r.Passed, r.Findings[0].Blocking = false, true },
		sign.NoScan:     func(r *provenance.Result) { r.Findings[0].Blocking = true },
	} {
		var changed provenance.Scan
		data, err := json.Marshal(scan)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &changed); err != nil {
			t.Fatal(err)
		}
		change(&changed.Scanner.Result)
		image, _ := push(t)
		k.cosignSign(t, image, false)
		k.cosignAttest(t, image, "vuln", &changed)
		_, err = sign.Verify(t.Context(), nil, image, k.keys(t), sign.Requirements{Scan: true})
		if unproven, ok := errors.AsType[*sign.UnprovenError](err); !ok || !unproven.Has(cause) {
			t.Errorf("want %s: %v", cause, err)
		}
	}
}

// An encrypted key opens with its password alone, whoever made it and whoever opens
// it; and it is encrypted.
func TestWrongPassword(t *testing.T) {
	bothMakers(t, func(t *testing.T, k keyPair) {
		data, err := os.ReadFile(k.private)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(data), "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----") {
			t.Fatalf("the key is %.60s…", data)
		}
		if _, err := cosign.LoadPrivateKey(data, []byte(password), nil); err != nil {
			t.Errorf("cosign, the password: %v", err)
		}
		if _, err := cosign.LoadPrivateKey(data, []byte("wrong"), nil); err == nil {
			t.Error("cosign opens it with another password")
		}
		wrong := &sign.Keyring{Getenv: func(variable string) string {
			return map[string]string{sign.PasswordVariable: "wrong"}[variable]
		}}
		if _, err := wrong.Signer(t.Context(), k.private); err == nil {
			t.Error("we open it with another password")
		}
	})
}
