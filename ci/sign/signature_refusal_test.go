package sign_test

import (
	"encoding/base64"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// signatureRefusals are about who signed what.
var signatureRefusals = map[string]refusal{
	"unsigned": {
		does: func(w *world, _ sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			return image
		},
		causes: []sign.Cause{sign.NoSignature, sign.NoSBOM, sign.NoScan, sign.NoProvenance},
		says:   []string{"nobody has signed it", "it has no SBOM by the key", "it has no scan by the key", "scan it", "nobody says what it was built from"},
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
	"a payload with two digests": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, _ := w.push(w.repository)
			m := w.manifest(tag(w.image, "sig"))
			content := strings.Replace(string(w.blob(m.Layers[0])), `"docker-manifest-digest":`, `"docker-manifest-digest":"`+w.image.DigestStr()+`","docker-manifest-digest":`, 1)
			content = strings.Replace(content, `"docker-manifest-digest":"`+w.image.DigestStr()+`"}`, `"docker-manifest-digest":"`+image.DigestStr()+`"}`, 1)
			signature, err := signer.Sign(w.Context(), []byte(content))
			if err != nil {
				w.Fatal(err)
			}
			layer := w.putBlob([]byte(content), m.Layers[0].MediaType)
			layer.Annotations = map[string]string{"dev.cosignproject.cosign/signature": base64.StdEncoding.EncodeToString(signature)}
			m.Layers = []v1.Descriptor{layer}
			w.putManifest(tag(image, "sig"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Malformed},
		says:   []string{`the field "docker-manifest-digest" stands twice`},
	},
	"evidence of one repository brought to another": {
		does: func(w *world, signer sign.Signer) name.Digest {
			elsewhere := w.repository.Registry.Repo("attacker", "inference")
			refs := []name.Reference{w.image, tag(w.image, "sig"), tag(w.image, "att")}
			for _, artifact := range []string{signatureArtifact, statementArtifact} {
				for _, r := range w.referrers(w.image, artifact) {
					refs = append(refs, w.repository.Digest(r.Digest.String()))
				}
			}
			for _, ref := range refs {
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
		causes: []sign.Cause{sign.OtherRepository},
	},
}
