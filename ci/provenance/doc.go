// Package provenance holds what is said about an image once it is built and
// scanned: where it comes from, and what the scanner and the policy thought of it.
//
// Both are predicates of in-toto statements, in formats that others read too:
// SLSA's build provenance v1, and cosign's vulnerability scan v1. The formats
// leave room ("external parameters", "result"), and what stands in that room is
// ours and strict: a field that nobody knows, a missing commit or a verdict that
// does not follow from its findings is an error, because a program decides on
// these values whether an image may run. What a signature proves is only who
// said it; that it makes sense is proven here.
//
// Everything is made from strings, numbers and times that the caller gives. This
// package has no clock, no network and no idea of registries or keys.
package provenance
