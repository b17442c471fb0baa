// Package pipeline makes an image proven, step by step: build, scan, SBOM, sign,
// attest, verify, pin.
//
// The order is the point. What has not been scanned is not pushed, what the
// policy refuses is not signed, and what does not verify, with the keys and the
// requirements that everybody else will verify it with, gets neither a tag nor a
// pin. A run that fails or is interrupted anywhere leaves blobs and perhaps
// signatures that nobody refers to; the next one goes on with what is missing.
//
// Running it again for the same image says nothing twice: signatures are kept,
// and the attestations too, as long as a new scan finds the same and they are
// younger than [Renew].
//
// Images of others take the same way without the build. What is said about them is
// kept in a repository of ours, because their registries take nothing from us.
package pipeline
