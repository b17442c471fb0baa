package sign_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// refusal is a way in which an image is unproven: what is done to one that has
// everything, and why it is refused then.
type refusal struct {
	// does changes the world; what it gives back is what is verified.
	does   func(w *world, signer sign.Signer) name.Digest
	wants  func(*sign.Requirements) // nil: what a build has
	causes []sign.Cause
	says   []string
}

func TestVerifyRefuses(t *testing.T) {
	all := map[string]refusal{}
	for _, some := range []map[string]refusal{signatureRefusals, attestationRefusals, scanRefusals, buildRefusals, registryRefusals} {
		maps.Copy(all, some)
	}
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, true)
			signer, keys := newSigner(t)
			w.signImage(w.image, signer)
			w.attest(w.image, signer, everything()...)
			// What is done is the only thing wrong.
			requirements := full()
			if _, err := sign.Verify(t.Context(), nil, w.image, keys, requirements); err != nil {
				t.Fatal(err)
			}
			image := test.does(w, signer)
			if test.wants != nil {
				test.wants(&requirements)
			}
			evidence, err := sign.Verify(t.Context(), nil, image, append(keys, w.keys...), requirements)
			t.Log(err)
			wantCauses(t, err, test.causes...)
			wantError(t, err, append(test.says, image.String()+" is unproven: ")...)
			if evidence == nil || evidence.Image != image {
				t.Errorf("the evidence is %+v", evidence)
			}
		})
	}
}

// A registry that fails is no verdict about an image, nor is a question without
// sense.
func TestVerifyFails(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.signImage(w.image, signer)
	store := &sign.Store{Client: client(once)}
	for name, part := range map[string]string{"manifest": "/manifests/", "blob": "/blobs/", "referrers": "/referrers/"} {
		w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
			if !strings.Contains(in.URL.Path, part) {
				return false
			}
			out.WriteHeader(http.StatusInternalServerError)
			return true
		}
		evidence, err := sign.Verify(t.Context(), store, w.image, keys, sign.Requirements{})
		wantError(t, err, w.image.String(), "500 Internal Server Error")
		if _, unproven := err.(*sign.UnprovenError); unproven || evidence != nil {
			t.Errorf("%s: %+v, %v", name, evidence, err)
		}
	}
	w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
		if !strings.Contains(in.URL.Path, "/blobs/") {
			return false
		}
		out.Header().Set("Content-Length", "1000") // and no more: the connection is cut
		out.Write([]byte("{"))
		return true
	}
	if _, err := sign.Verify(t.Context(), store, w.image, keys, sign.Requirements{}); err == nil || !strings.Contains(err.Error(), "EOF") {
		t.Errorf("a connection that is cut: %v", err)
	}
	w.intercept = nil
	_, err := sign.Verify(t.Context(), nil, w.image, nil, sign.Requirements{})
	wantError(t, err, "no public key is given")
	_, err = sign.Verify(t.Context(), nil, w.image, []sign.Key{{}}, sign.Requirements{})
	wantError(t, err, "a public key is empty")
	_, err = sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{Gate: "high"})
	wantError(t, err, `the gate "high" is none of CRITICAL`)
	_, err = sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{MaxScanAge: time.Hour})
	wantError(t, err, "needs the time")
	_, err = sign.Verify(t.Context(), nil, w.repository.Digest("sha512:"+zeros+zeros), keys, sign.Requirements{})
	wantError(t, err, "the digest is no sha256")
}

// The registry's bytes for the image itself are held against its digest.
func TestVerifyChangedImage(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.signImage(w.image, signer)
	w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
		if !strings.HasSuffix(in.URL.Path, "/manifests/"+w.image.DigestStr()) {
			return false
		}
		out.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		out.Write([]byte(`{"schemaVersion":2,"manifests":[]}`))
		return true
	}
	_, err := sign.Verify(t.Context(), nil, w.image, keys, sign.Requirements{})
	wantError(t, err, "does not match requested digest")
}

// Rubbish that anybody could have put beside a good signature does not make the
// image unproven, and is mentioned.
func TestVerifyIgnoresRubbish(t *testing.T) {
	w := newWorld(t, true)
	signer, keys := newSigner(t)
	w.signImage(w.image, signer)
	w.attest(w.image, signer, everything()...)
	subject := descriptorOf(w, w.image)
	for _, raw := range []string{"rubbish", `{"payloadType":"application/vnd.in-toto+json","payload":"e30=","signatures":[{"sig":"AAAA"}]}`} {
		w.putReferrer(subject, w.putBlob([]byte(raw), "application/vnd.dsse.envelope.v1+json"))
	}
	evidence, err := sign.Verify(t.Context(), nil, w.image, keys, full())
	if err != nil {
		t.Fatal(err)
	}
	if len(evidence.Ignored) != 2 {
		t.Errorf("ignored: %v", evidence.Ignored)
	}
}

// signed pushes an image, signs it and says things about it.
func (w *world) signed(signer sign.Signer, predicates ...sign.Predicate) name.Digest {
	w.Helper()
	image, _ := w.push(w.repository)
	w.signImage(image, signer)
	w.attest(image, signer, predicates...)
	return image
}

// attestAnew says something with a new key.
func (w *world) attestAnew(image name.Digest, p sign.Predicate) sign.Key {
	w.Helper()
	signer, keys := newSigner(w.T)
	w.attest(image, signer, p)
	return keys[0]
}

// editLayer changes the one layer of cosign's list, and takes the referrers away.
func (w *world) editLayer(image name.Digest, suffix string, edit func([]byte) []byte) {
	w.Helper()
	m := w.manifest(tag(image, suffix))
	layer := w.putBlob(edit(w.blob(m.Layers[0])), m.Layers[0].MediaType)
	layer.Annotations = m.Layers[0].Annotations
	m.Layers = []v1.Descriptor{layer}
	w.putManifest(tag(image, suffix), m)
	for _, r := range w.referrers(image, statementArtifact) {
		if err := remote.Delete(w.repository.Digest(r.Digest.String())); err != nil {
			w.Fatal(err)
		}
	}
}

// editEnvelope changes the one envelope of an image.
func (w *world) editEnvelope(image name.Digest, edit func(map[string]any)) {
	w.Helper()
	w.editLayer(image, "att", func(content []byte) []byte {
		var envelope map[string]any
		if err := json.Unmarshal(content, &envelope); err != nil {
			w.Fatal(err)
		}
		edit(envelope)
		content, err := json.Marshal(envelope)
		if err != nil {
			w.Fatal(err)
		}
		return content
	})
}
