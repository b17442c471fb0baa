// Package reference writes the reference for users, docs/reference: a page for each
// kind of input, with every field's type, default and the objects that it ends up
// in, and a page of the objects, with the fields that shape each.
//
// It takes the repository as a file system and gives the pages. What a field is comes
// from the CUE schemas, through CUE's own API. What a field does comes from nobody's
// memory: in the sample fleet the field is changed, wherever the fleet sets it or could,
// the fleet is rendered again, and what differs is what the page says. So a page cannot
// promise what the generator does not do, and a field that does nothing is found. What
// a whole cluster or a whole tenant in it consists of does not count where a change takes
// that away or adds it: the field decides where, and shapes none of it.
//
// The values to change a field to are taken from where people keep valid ones: the
// sample fleet, the good cases of the schemas' tests (cue/testdata), and the type itself.
// For a field that none of them serves, and for one that is meant to shape no object,
// exceptions.go has a line.
//
// It is support for this repository: its test compares the pages with those that are
// committed, and writes them with -update. It knows no way to check or to build
// anything, and changes none.
package reference
