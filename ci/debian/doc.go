// Package debian assembles a base layer from Debian packages that a lock file
// names by version and SHA-256, as distroless does, without dpkg and without a
// shell in the result.
//
// A lock is made from an archive's index files, whose signature is checked with
// Debian's own keys (see keys/), and reviewed like code. From then on only its
// hashes are trusted: a mirror, a cache or a snapshot may hand out nothing else.
// Even so every package is read as if it were hostile, because the same reader
// meets it when a lock is made from a wrong source: sizes, names, links and the
// ratio of compression are bounded before anything is unpacked.
package debian
