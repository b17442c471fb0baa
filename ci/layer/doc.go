// Package layer writes image layers whose bytes depend on nothing but what is
// in them, and keeps what it wrote.
//
// A digest is only worth pinning when building it again gives it again. So
// entries are sorted, parents are made, owners are numbers, times are one fixed
// time, and the compressor is the one that go.sum names (the standard library's
// may change with the Go release).
//
// Tar and gzip of a runtime library take seconds, and a build that changes one
// file should not pay for the others: a Cache finds a finished layer by a key
// that names its contents, checks it against its digest, and hands it out again.
package layer
