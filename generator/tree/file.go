package tree

import (
	"bytes"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"
)

// File is one file of a tree.
type File struct {
	// Path is slash-separated and relative to the tree's root: "argocd/bootstrap.yaml".
	Path string
	// Data is the whole content. It is valid until the stream is asked for its
	// next file; whoever keeps it longer clones it.
	Data []byte
}

// Tree is path → bytes, all of it in memory: a convenience for tests and small
// fleets. Everything else streams.
type Tree map[string][]byte

// Collect reads a stream to its end. It fails with the stream's own error, and
// with a [BadFileError] where a path is not a path or comes twice.
func Collect(files iter.Seq2[File, error]) (Tree, error) {
	t := Tree{}
	for f, err := range files {
		if err != nil {
			return nil, err
		}
		if err := checkPath(f.Path); err != nil {
			return nil, err
		}
		if _, twice := t[f.Path]; twice {
			return nil, &BadFileError{Path: f.Path, Reason: cameTwice}
		}
		t[f.Path] = bytes.Clone(f.Data)
	}
	return t, nil
}

// Files streams the tree in the order of its paths.
func (t Tree) Files() iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		for _, p := range slices.Sorted(maps.Keys(t)) {
			if !yield(File{Path: p, Data: t[p]}, nil) {
				return
			}
		}
	}
}

// temporary is the name under which a file is written before it is renamed to
// its own. One fixed name is enough, because a folder has one writer at a time,
// and it can never be mistaken for somebody else's file.
const temporary = ".mlfleet-write.tmp"

const cameTwice = "the stream holds it twice"

// checkPath refuses what would leave the tree, or name no file in it, on any
// operating system.
func checkPath(p string) error {
	switch {
	case !fs.ValidPath(p) || p == ".":
		return &BadFileError{Path: p, Reason: "not a relative, slash-separated path without empty, '.' or '..' parts"}
	case strings.ContainsAny(p, "\\:\x00"):
		return &BadFileError{Path: p, Reason: `contains a backslash, a colon or a NUL, which is no file name everywhere`}
	case path.Base(p) == temporary:
		return &BadFileError{Path: p, Reason: "the name is kept for files that are being written"}
	}
	return nil
}

// hasHeader tells a generated file by its first line. The rest of the line must
// be empty, or end as Windows ends lines: Git may have checked it out so.
func hasHeader(data []byte, header string) bool {
	rest, ok := bytes.CutPrefix(data, []byte(header))
	return ok && (len(rest) == 0 || rest[0] == '\n' || rest[0] == '\r')
}
