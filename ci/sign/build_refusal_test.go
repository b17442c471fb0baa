package sign_test

import (
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// buildRefusals are about where an image comes from.
var buildRefusals = map[string]refusal{
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
	"provenance of one platform's image": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image, platforms := w.push(w.repository)
			w.signImage(image, signer)
			w.attest(image, signer, only(build("https://ci.example/image"), platforms[0]))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Provenance: true} },
		causes: []sign.Cause{sign.NoProvenance, sign.Partial},
	},
	// The registry decides in which order they are listed.
	"two builds of one moment, the good one first": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, build("https://ci.example/image"))
			w.keys = append(w.keys, w.attestAnew(image, build("https://laptop.example")))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Builders: []string{"https://ci.example/image"}} },
		causes: []sign.Cause{sign.OtherBuilder},
	},
	"two builds of one moment, the good one last": {
		does: func(w *world, signer sign.Signer) name.Digest {
			image := w.signed(signer, build("https://laptop.example"))
			w.keys = append(w.keys, w.attestAnew(image, build("https://ci.example/image")))
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{Builders: []string{"https://ci.example/image"}} },
		causes: []sign.Cause{sign.OtherBuilder},
	},
}
