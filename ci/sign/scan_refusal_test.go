package sign_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// scanRefusals are about the scan's verdict and age.
var scanRefusals = map[string]refusal{
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
	// In which order a registry lists two scans of one moment is up to it.
	"a failed scan of the same moment as one that passed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.keys = append(w.keys, w.attestAnew(image, scan(now, false)))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.ScanFailed},
	},
	"a scan that passed of the same moment as one that failed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, false))
			w.keys = append(w.keys, w.attestAnew(image, scan(now, true)))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.ScanFailed},
	},
	"a scan with another database": {
		does: func(w *world, signer sign.Signer) name.Digest {
			other := scanOf(now, true)
			other.Scanner.DB.URI = "ci/advisories.yaml"
			return w.signed(signer, sign.Predicate{Type: provenance.ScanPredicate, Body: other})
		},
		wants: func(r *sign.Requirements) {
			*r = sign.Requirements{Databases: []string{"ghcr.io/aquasecurity/trivy-db:2"}}
		},
		causes: []sign.Cause{sign.OtherDatabase},
		says:   []string{"with the database from ci/advisories.yaml, and not with that from ghcr.io/aquasecurity/trivy-db:2"},
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
	"a failed scan that cannot be read, after one that passed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now.Add(-time.Hour), true))
			newer := scanOf(now, false)
			newer.Scanner.Result.Version = 1
			w.keys = append(w.keys, w.attestAnew(image, sign.Predicate{Type: provenance.ScanPredicate, Body: newer}))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.Malformed, sign.Malformed},
		says:   []string{"has a newer scan by the key", "that cannot be read: reading the scan: result.version is 1"},
	},
	"a scan without a time that cannot be read, after one that passed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.keys = append(w.keys, w.attestAnew(image, sign.Predicate{Type: provenance.ScanPredicate, Body: map[string]any{"findings": 7}}))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.Malformed, sign.Malformed},
	},
	"a failed scan pushed out of sight by a thousand referrers": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			w.flood(image, 1025)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: append([]sign.Cause{sign.Oversize, sign.Oversize}, slices.Repeat([]sign.Cause{sign.Malformed}, 6)...), // at most eight are told
		says:   []string{"more is attached to it than is looked at, and a failed scan may be in the rest"},
	},
	"a failed scan pushed out of sight by hundreds of layers": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, scan(now, true))
			m := w.manifest(tag(image, "att"))
			rubbish := w.putBlob([]byte("rubbish"), "application/vnd.example")
			for range 300 {
				m.Layers = append(m.Layers, rubbish)
			}
			w.putManifest(tag(image, "att"), m)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.Oversize, sign.Oversize},
		says:   []string{"its tag .att has 301 layers"},
	},
	"a scan of one platform's image": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, platforms := w.push(w.repository)
			w.signImage(image, signer)
			w.attest(image, signer, only(scan(now, true), platforms[0]))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Partial},
		says:   []string{"is about some of its platform images, and not about sha256:"},
	},
	"a failed scan of one platform's image after one of all that passed": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, platforms := w.push(w.repository)
			w.signImage(image, signer)
			w.attest(image, signer, scan(now.Add(-time.Hour), true))
			w.keys = append(w.keys, w.attestAnew(image, only(scan(now, false), platforms[1])))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.ScanFailed},
	},
	"a scan under a milder policy": {
		does: func(w *world, signer sign.Signer) name.Digest {
			mild := scanOf(now, true)
			mild.Scanner.Result.Policy.Gate = "CRITICAL"
			return w.signed(signer, sign.Predicate{Type: provenance.ScanPredicate, Body: mild})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true, Gate: "HIGH"} },
		causes: []sign.Cause{sign.MildGate},
		says:   []string{"let everything below CRITICAL pass, and HIGH must block"},
	},
	"a scan with two verdicts": {
		does: func(w *world, signer sign.Signer) name.Digest {
			clean := scanOf(now, false)
			clean.Scanner.Result.Findings, clean.Scanner.Result.Waivers = nil, nil
			data, err := json.Marshal(clean)
			if err != nil {
				w.Fatal(err)
			}
			// Go takes the last of the two, whatever its letters' case; others the first, or only the lower-case one.
			text := strings.Replace(string(data), `"passed":false`, `"passed":false,"Passed":true`, 1)
			return w.signed(signer, sign.Predicate{Type: provenance.ScanPredicate, Body: json.RawMessage(text)})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true} },
		causes: []sign.Cause{sign.NoScan, sign.Malformed},
		says:   []string{`the field "Passed" stands twice`},
	},
	"one of two findings is waived no more": {
		does: func(w *world, signer sign.Signer) name.Digest {
			two := scanOf(now.Add(-2*time.Hour), true)
			r := &two.Scanner.Result
			r.Findings = append(r.Findings, r.Findings[0])
			r.Findings[1].Package = "openssl"
			r.Waivers[0].Package = "libc6"
			r.Waivers = append(r.Waivers, r.Waivers[0])
			r.Waivers[1].Package, r.Waivers[1].Expires = "openssl", now.Add(-time.Hour)
			return w.signed(signer, sign.Predicate{Type: provenance.ScanPredicate, Body: two})
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Scan: true, Now: now} },
		causes: []sign.Cause{sign.WaiverExpired},
		says:   []string{"by a waiver of CVE-2026-0001 in openssl"},
	},
}

// only is a predicate about one platform's image.
func only(p sign.Predicate, platform name.Digest) sign.Predicate {
	p.Platforms = []string{platform.DigestStr()}
	return p
}

// flood has the registry list referrers that nobody pushed, before the others.
func (w *world) flood(image name.Digest, n int) {
	w.intercept = func(out http.ResponseWriter, in *http.Request) bool {
		if !strings.HasSuffix(in.URL.Path, "/referrers/"+image.DigestStr()) {
			return false
		}
		list := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
		for i := range n {
			digest := v1.Hash{Algorithm: "sha256", Hex: fmt.Sprintf("%064x", i)}
			list.Manifests = append(list.Manifests, v1.Descriptor{MediaType: types.OCIManifestSchema1, ArtifactType: statementArtifact, Digest: digest, Size: 1})
		}
		out.Header().Set("Content-Type", string(types.OCIImageIndex))
		_ = json.NewEncoder(out).Encode(list)
		return true
	}
}
