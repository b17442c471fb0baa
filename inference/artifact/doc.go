// Package artifact brings a model version from where it is stored into the
// folder from which it is served.
//
// An artifact is a folder of files with a SHA256SUMS file; one hash, that of
// the SHA256SUMS file, pins all of it (package sums). Files are downloaded into
// a hidden folder on the same file system, each is verified, and only when every
// one is right does the folder get its real name, in one rename. So a version is
// either not there or whole, whatever dies in between; and what a dead attempt
// has downloaded, the next one goes on from.
package artifact
