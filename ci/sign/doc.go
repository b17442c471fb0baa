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
// subjects. Statements are attached to the index alone. One that names only some
// of the platform images, as the SBOM of one does, proves nothing about the
// others: SBOMs must cover all of them together, a scan that passed and the
// provenance each by itself.
//
// # What is trusted
//
// Only the keys. Registries are not: whatever they serve is data of limited size,
// and what does not verify counts as not there. Whoever can write to the registry
// can therefore hide an attestation (the image is refused then) or bring back an
// older one that a key made for the same digest; the greatest age of a scan
// bounds the latter. What a key has said counts against an image as far as it can
// be read: a newer scan that makes no sense, or more attachments than are looked
// at, and the older scan that passed proves nothing. What an image is, an index
// and of which platforms, is read from the bytes that its digest covers.
//
// A signature is for a digest in a repository. Statements are about a digest
// alone: those of another repository's same image say as much about this one.
package sign
