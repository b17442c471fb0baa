// Package image builds the inference server's image without a container daemon,
// and builds the same image from the same commit on every machine.
//
// An image is layers in the order of how seldom they change: the base, ONNX
// Runtime, the server, the sample model. Each is found again by what is in it
// (see package layer), so a change of the server compresses the server and
// nothing else.
//
// What is pinned, scanned and signed is a digest, so nothing may reach it that is
// not in the commit: no time of day, no path of this machine, no name of a
// branch. Revision and creation time are those of the last commit that touched
// what goes in. A commit that pins the digest, or mends a document, gives the
// same image again; else every pin would make itself stale.
//
// One thing is not in the commit: the compilers. The server uses cgo, so its
// bytes depend on the C compiler and the C library's start files as well as on
// Go. Both are hashed into the Materials, which provenance carries; where two
// builds differ, they say why.
package image
