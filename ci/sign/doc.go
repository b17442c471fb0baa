// Package sign says of an image, with a key, that it is ours and what is known
// about it; and refuses images of which nobody says that.
//
// A signature is cosign's: a "simple signing" document that names repository and
// digest, kept as a layer of the image tagged sha256-<digest>.sig. What is known
// (SBOMs, the scan, the provenance) is an in-toto statement in a DSSE envelope, a
// layer of sha256-<digest>.att. Both are kept a second time as OCI 1.1 referrers
// of the image. Tags are what cosign and the admission controllers of today read,
// but a tag is one list that everybody rewrites, and two writers at once lose one
// another's line; a referrer is named by its content and loses nothing. Verify
// reads both and takes the union.
//
// Cosign itself is not used here: it brings 300 modules, a transparency log and a
// certificate authority on the Internet, and two JSON documents do not need them.
// That cosign verifies what is signed here, and the other way round, is tested
// with cosign's own library in the module ci/cosign.
//
// # What covers the platform images
//
// An image for several platforms is an index, and the index is what is pinned.
// It names the platform images by digest, so whoever pulls by the index's digest
// gets what was signed. An admission controller may look at a platform image's
// own digest: Sign signs each of them as well (as cosign sign --recursive does),
// and the statements of Attest name the index and all platform images as their
// subjects. Statements are attached to the index alone.
//
// # What is trusted
//
// Only the keys. Registries are not: whatever they serve is data of limited size,
// and what does not verify counts as not there. Whoever can write to the registry
// can therefore hide an attestation (the image is refused then) or bring back an
// older one that a key made for the same digest; the greatest age of a scan
// bounds the latter.
package sign
