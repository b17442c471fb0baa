package sign_test

import (
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// attestationRefusals are about what is said, and whether it is said of this image.
var attestationRefusals = map[string]refusal{
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
	"an SBOM that is none": {
		does: func(w *world, signer sign.Signer) name.Digest {
			return w.signed(signer, sign.Predicate{Type: sign.CycloneDXPredicate, Body: map[string]any{}},
				sign.Predicate{Type: sign.SPDXPredicate, Body: map[string]any{"spdxVersion": "SPDX-2.3"}})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{SBOM: true} },
		causes: []sign.Cause{sign.NoSBOM, sign.Malformed, sign.Malformed},
		says:   []string{"bomFormat is missing", "it lists nothing"},
	},
	"an SBOM of one platform's image": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, platforms := w.push(w.repository)
			w.signImage(image, signer)
			w.attest(image, signer, only(cycloneDX(), platforms[0]), only(spdx(), platforms[0]))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{SBOM: true} },
		causes: []sign.Cause{sign.NoSBOM},
		says:   []string{"its platform image sha256:", "has no SBOM by the key"},
	},
	"a statement with two predicate types": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.reseal(image, signer, `"predicateType":`, `"predicateType":"https://example.com/harmless","predicateType":`)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{`the field "predicateType" stands twice`},
	},
}
