// Package files gives the files below some folders of a fleet: as they lie in the
// working tree, or as they are in a Git revision. Who reads them need not know which.
//
// It asks the git command, not a library, because that is there wherever a clone is
// and reads every kind of clone. Three short runs do: which commit, which files, and
// all their contents at once.
package files
