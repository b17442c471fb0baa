package sign_test

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// registryRefusals are about what a registry serves.
var registryRefusals = map[string]refusal{
	"an image that is not there": {
		does: func(w *world, _ sign.Signer) name.Digest {
			return w.repository.Digest("sha256:" + zeros)
		},
		causes: []sign.Cause{sign.NoImage},
		says:   []string{"the registry has no image of this digest"},
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
	"a manifest that is an index and an image": {
		does: func(w *world, signer sign.Signer) name.Digest {
			raw := []byte(`{"schemaVersion":2,"manifests":[],"config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"sha256:` + zeros + `"},"layers":[]}`)
			digest, _, err := v1.SHA256(bytes.NewReader(raw))
			if err != nil {
				w.Fatal(err)
			}
			image := w.repository.Digest(digest.String())
			w.putRaw(image, raw, types.OCIManifestSchema1)
			return image
		},
		wants:  func(r *sign.Requirements) { *r = sign.Requirements{} },
		causes: []sign.Cause{sign.Malformed},
		says:   []string{"it is an index and an image at once"},
	},
}
