package sign_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// refusals are the ways in which an image is unproven: what is done to one that
// has everything, and why it is refused then.
var refusals = map[string]struct {
	// does changes the world; what it gives back is what is verified.
	does   func(w *world, signer sign.Signer) name.Digest
	wants  func(*sign.Requirements) // nil: what a build has
	causes []sign.Cause
	says   []string
}{
	"unsigned": {
		does: func(w *world, _ sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			return image
		},
		causes: []sign.Cause{sign.NoSignature, sign.NoSBOM, sign.NoScan, sign.NoProvenance},
		says:   []string{"nobody has signed it", "it has no SBOM by the key", "it has no scan by the key", "scan it", "nobody says what it was built from"},
	},
	"an image that is not there": {
		does: func(w *world, _ sign.Signer) name.Digest {
			return w.repository.Digest("sha256:" + zeros)
		},
		causes: []sign.Cause{sign.NoImage},
		says:   []string{"the registry has no image of this digest"},
	},
	"another key": {
		does: func(w *world, _ sign.Signer) name.Digest {
			other, _ := newSigner(w.T)
			image, _ := w.push(w.repository)
			w.signImage(image, other)
			w.attest(image, other, scan(now, true))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.OtherKey, sign.NoScan, sign.OtherKey},
		says:   []string{"has a signature that does not verify with the key", "has an attestation that does not verify"},
	},
	"a changed digest: another image's signature under this one's tag": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			w.putManifest(tag(image, "sig"), w.manifest(tag(w.image, "sig")))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.OtherDigest},
		says:   []string{"a signature is for \"sha256:", "not for this digest"},
	},
	"another image's attestations under this one's tag": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			w.signImage(image, signer)
			w.putManifest(tag(image, "att"), w.manifest(tag(w.image, "att")))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.OtherDigest},
		says:   []string{"has an attestation about another image"},
	},
	"another repository": {
		does: func(w *world, signer sign.Signer) name.Digest {
			// The same image and its signature, copied to where anybody may push.
			elsewhere := w.repository.Registry.Repo("attacker", "inference")
			for _, ref := range []name.Reference{w.image, tag(w.image, "sig")} {
				got, err := remote.Get(ref)
				if err != nil {
					w.Fatal(err)
				}
				copied := name.Reference(elsewhere.Tag(strings.TrimPrefix(ref.Identifier(), "sha256:")))
				if err := remote.Push(copied, got); err != nil {
					w.Fatal(err)
				}
			}
			return elsewhere.Digest(w.image.DigestStr())
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.OtherRepository},
		says:   []string{"a signature is for the repository", "mlfleet/inference", "not for", "attacker/inference"},
	},
	"tampered payload": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			m := w.manifest(tag(w.image, "sig"))
			// Our signature, over what somebody would like us to have said.
			changed := strings.Replace(string(w.blob(m.Layers[0])), w.image.DigestStr(), image.DigestStr(), 1)
			layer := w.putBlob([]byte(changed), m.Layers[0].MediaType)
			layer.Annotations = m.Layers[0].Annotations
			m.Layers = []v1.Descriptor{layer}
			w.putManifest(tag(image, "sig"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.OtherKey},
		says:   []string{"does not verify with the key", "or its payload was changed"},
	},
	"tampered statement: a failed scan made to pass": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, false))
			w.editEnvelope(image, func(envelope map[string]any) {
				envelope["payload"] = recode(envelope["payload"].(string), `"passed":false`, `"passed":true`)
			})
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.OtherKey},
		says:   []string{"or it was changed"},
	},
	"truncated envelope": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.editLayer(image, "att", func(content []byte) []byte { return content[:len(content)/2] })
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{"the envelope of an attestation at its tag .att", "it is cut off after"},
	},
	"an envelope without signatures": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.editEnvelope(image, func(envelope map[string]any) { envelope["signatures"] = []any{} })
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{"nobody has signed it"},
	},
	"an envelope of another payload type": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.editEnvelope(image, func(envelope map[string]any) { envelope["payloadType"] = "text/plain" })
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{`it holds "text/plain", not application/vnd.in-toto+json`},
	},
	"a layer that is not what its digest says": {
		does: func(w *world, signer sign.Signer) name.Digest {
			layer := w.manifest(tag(w.image, "sig")).Layers[0]
			w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
				if !strings.HasSuffix(in.URL.Path, "/blobs/"+layer.Digest.String()) {
					return false
				}
				out.Write([]byte(strings.Repeat("x", int(layer.Size))))
				return true
			}
			return w.image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Malformed, sign.Malformed},
		says:   []string{"holds something else than it says: error verifying sha256 checksum"},
	},
	"a manifest that names a missing blob": {
		does: func(w *world, signer sign.Signer) name.Digest {
			layer := w.manifest(tag(w.image, "sig")).Layers[0]
			w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
				if !strings.HasSuffix(in.URL.Path, "/blobs/"+layer.Digest.String()) {
					return false
				}
				http.NotFound(out, in)
				return true
			}
			return w.image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Malformed, sign.Malformed},
		says:   []string{"names something that the registry has not"},
	},
	"an oversize manifest": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			m := w.manifest(tag(w.image, "sig"))
			m.Annotations = map[string]string{"long": strings.Repeat("x", 5<<20)}
			w.putManifest(tag(image, "sig"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Oversize},
		says:   []string{"has a manifest of 5 MiB: at most 4 are read"},
	},
	"an oversize layer": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			m := w.manifest(tag(w.image, "sig"))
			m.Layers[0].Size = 1 << 40
			w.putManifest(tag(image, "sig"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Oversize},
		says:   []string{"has a layer of 1099511627776 bytes: a signature has at most 65536"},
	},
	"a layer shorter than its manifest says": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			m := w.manifest(tag(w.image, "sig"))
			m.Layers[0].Size += 10
			w.putManifest(tag(image, "sig"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Malformed},
		says:   []string{"bytes that its manifest says"},
	},
	"no scan": {
		does:   func(w *world, signer sign.Signer) name.Digest { return w.signed(signer, cycloneDX()) },
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{SBOM: true, Scan: true} },
		causes: []sign.Cause{sign.NoScan},
		says:   []string{"it has no scan by the key"},
	},
	"a failed scan": {
		does:   func(w *world, signer sign.Signer) name.Digest { return w.signed(signer, scan(now, false)) },
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.ScanFailed},
		says:   []string{"its scan of 2026-03-02T12:00:00Z failed on CVE-2026-0001"},
	},
	"a failed scan after one that passed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now.Add(-time.Hour), true))
			// Another trusted key's, so that it replaces nothing.
			w.keys = append(w.keys, w.attestAnew(image, scan(now, false)))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.ScanFailed},
	},
	"an expired scan": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, scan(now.Add(-25*time.Hour), true))
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{MaxScanAge: 24 * time.Hour, Now: now} },
		causes: []sign.Cause{sign.ScanExpired},
		says:   []string{"its scan of 2026-03-01T11:00:00Z is 25h0m0s old, and may be 24h0m0s: scan it again"},
	},
	"a scan from the future": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, scan(now.Add(time.Hour), true))
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{MaxScanAge: 24 * time.Hour, Now: now} },
		causes: []sign.Cause{sign.ScanFromFuture},
		says:   []string{"is to come: is a clock wrong?"},
	},
	"a scan that passed by a waiver which has ended": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, scan(now.Add(-31*24*time.Hour), true))
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true, Now: now} },
		causes: []sign.Cause{sign.WaiverExpired},
		says:   []string{"passed by a waiver of CVE-2026-0001, which ended on 2026-03-01", "have platform renew it"},
	},
	"a scan whose verdict does not follow": {
		does: func(w *world, signer sign.Signer) name.Digest {
			forged := scanOf(now, false)
			forged.Scanner.Result.Passed = true
			return w.signed(signer, sign.Predicate{Type: provenance.ScanPredicate, Body: forged})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{"the verdict is that it passed, and finding CVE-2026-0001 blocks"},
	},
	"an SBOM that is none": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, sign.Predicate{Type: sign.CycloneDXPredicate, Body: map[string]any{}},
				sign.Predicate{Type: sign.SPDXPredicate, Body: map[string]any{"spdxVersion": "SPDX-2.3"}})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{SBOM: true} },
		causes: []sign.Cause{sign.NoSBOM, sign.Malformed, sign.Malformed},
		says:   []string{"bomFormat is missing", "it lists nothing"},
	},
	"another builder": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, build("https://laptop.example"))
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Builders: []string{"https://ci.example/image"}} },
		causes: []sign.Cause{sign.OtherBuilder},
		says:   []string{"https://laptop.example built it, and not https://ci.example/image"},
	},
	"another source": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, build("https://ci.example/image"))
		},
		wants: func(r *sign.Requirements) {
			*r = sign.Requirements{Sources: []string{"https://github.com/acme/mlfleet"}}
		},
		causes: []sign.Cause{sign.OtherSource},
		says:   []string{"it was built from https://github.com/mlfleet/mlfleet, and not from https://github.com/acme/mlfleet"},
	},
	"a modified working tree": {
		does: func(w *world, signer sign.Signer) name.Digest {
			modified := buildOf("https://ci.example/image")
			modified.Definition.Parameters.Modified = true
			return w.signed(signer, sign.Predicate{Type: provenance.BuildPredicate, Body: modified})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Provenance: true} },
		causes: []sign.Cause{sign.ModifiedSource},
		says:   []string{"differed from its commit 1a1a"},
	},
}

func TestVerifyRefuses(t *testing.T) {
	for name, test := range refusals {
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
