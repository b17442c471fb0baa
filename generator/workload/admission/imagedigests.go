package admission

import admissionv1 "k8s.io/api/admissionregistration/v1"

// byDigest is what an image reference has to end in.
const byDigest = `'@sha256:[0-9a-f]{64}$'`

// ImageDigests lets images run by digest only: what was scanned and signed is then what
// runs, on every node and after every restart. A tag can be moved to other bytes.
func ImageDigests() *admissionv1.ValidatingAdmissionPolicy {
	const remedy = "A tag can be moved to other bytes, so an image runs by digest only (name@sha256:...): " +
		"name one of the environment's pins in the model's file, or set a pin with 'mlfleet pin'."
	return policy("mlfleet-image-digests", "images run by digest, so that what was scanned is what runs",
		everyPod(),
		[]admissionv1.Variable{
			{Name: "unpinned", Expression: `variables.all.filter(c, !has(c.image) || !c.image.matches(` + byDigest + `))`},
			{Name: "unpinnedVolumes", Expression: `variables.volumes.filter(v, has(v.image) && ` +
				`(!has(v.image.reference) || !v.image.reference.matches(` + byDigest + `)))`},
		},
		noneOf("unpinned", "These containers have images without a digest", remedy),
		noneOf("unpinnedVolumes", "These volumes are images without a digest", remedy),
	)
}
