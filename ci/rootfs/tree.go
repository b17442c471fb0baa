package rootfs

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// maxLinks is how many symbolic links one path may lead through: Linux' limit (path_resolution(7)).
const maxLinks = 40

type kind uint8

const (
	directory kind = iota
	regular
	symlink
	special // device or pipe: has a name, hides what was there, holds nothing
)

// node is one name in the tree.
type node struct {
	kind     kind
	children map[string]*node // of a directory
	link     string           // of a symbolic link
	id       ID               // of a regular file; hard links share it
}

// Tree is the file system that a container of the image starts with.
type Tree struct {
	root   *node
	layers []Layer
	shown  map[ID]string // the first path of each content that is left
}

// Layers gives the image's layers, base first.
func (t *Tree) Layers() []Layer { return t.layers }

// Shown gives the path under which a content is left in the container's file system (the first in byte order where
// hard links give it several), and false where a later layer deleted or replaced it.
func (t *Tree) Shown(id ID) (string, bool) {
	p, ok := t.shown[id]
	return p, ok
}

// Lookup finds the regular file that a path leads to in the container, through symbolic links. It gives false where
// there is none.
func (t *Tree) Lookup(name string) (ID, bool) {
	n, err := t.walk(name, true)
	if err != nil || n == nil || n.kind != regular {
		return ID{}, false
	}
	return n.id, true
}

// Has says whether the path names anything in the container's file system, through symbolic links.
func (t *Tree) Has(name string) bool {
	n, err := t.walk(name, true)
	return err == nil && n != nil
}

func newTree() *Tree {
	return &Tree{root: &node{kind: directory}}
}

// walk finds a node; nil where there is none. Links in the parents are always followed, the last name's only when asked for.
// An error is a circle of links.
func (t *Tree) walk(name string, follow bool) (*node, error) {
	at := []*node{t.root} // from the root to where we are, so that ".." goes back
	rest := split(name)
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == ".." { // the root is its own parent
			at = at[:max(1, len(at)-1)]
			continue
		}
		here := at[len(at)-1]
		next := here.children[part]
		if next == nil {
			return nil, nil
		}
		if next.kind == symlink && (len(rest) > 0 || follow) {
			if links++; links > maxLinks {
				return nil, fmt.Errorf("%w: more than %d links", ErrLink, maxLinks)
			}
			if path.IsAbs(next.link) {
				at = at[:1]
			}
			rest = append(split(next.link), rest...)
			continue
		}
		at = append(at, next)
	}
	return at[len(at)-1], nil
}

// split gives a path's parts without empty ones and dots.
func split(name string) []string {
	return slices.DeleteFunc(strings.Split(name, "/"), func(part string) bool { return part == "" || part == "." })
}

// parent finds the directory that holds a name and makes what is missing of it, as an unpacker does: through the links that
// are already there, with root as ceiling.
func (t *Tree) parent(name string) (*node, error) {
	at := []*node{t.root}
	rest := split(path.Dir(name))
	for links := 0; len(rest) > 0; {
		part := rest[0]
		rest = rest[1:]
		if part == ".." {
			at = at[:max(1, len(at)-1)]
			continue
		}
		here := at[len(at)-1]
		next := here.children[part]
		switch {
		case next != nil && next.kind == symlink:
			if links++; links > maxLinks {
				return nil, fmt.Errorf("%w: more than %d links", ErrLink, maxLinks)
			}
			if path.IsAbs(next.link) {
				at = at[:1]
			}
			rest = append(split(next.link), rest...)
			continue
		case next == nil || next.kind != directory:
			next = &node{kind: directory}
			here.put(part, next)
		}
		at = append(at, next)
	}
	return at[len(at)-1], nil
}

func (n *node) put(name string, child *node) {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = child
}

// add puts one entry of a layer into the tree. A directory over a directory keeps what is in it; everything else replaces what
// was there, subtree and all.
func (t *Tree) add(name string, n *node) error {
	if name == "." {
		return nil
	}
	dir, err := t.parent(name)
	if err != nil {
		return err
	}
	base := path.Base(name)
	if old := dir.children[base]; old != nil && old.kind == directory && n.kind == directory {
		return nil
	}
	dir.put(base, n)
	return nil
}

// link puts a hard link into the tree.
func (t *Tree) link(name, target string) error {
	n, err := t.walk(target, false)
	switch {
	case err != nil:
		return err
	case n == nil:
		return fmt.Errorf("%w: hard link to %q, which is not in the image", ErrLink, target)
	case n.kind == directory:
		return fmt.Errorf("%w: hard link to %q, which is a directory", ErrLink, target)
	}
	return t.add(name, n)
}

// remove applies a whiteout: what a lower layer put there is gone. Nothing there is fine.
func (t *Tree) remove(name string) error {
	dir, err := t.walk(path.Dir(name), true)
	if err != nil || dir == nil {
		return err
	}
	delete(dir.children, path.Base(name))
	return nil
}

// empty applies an opaque whiteout: the directory stays, what lower layers put into it is gone.
func (t *Tree) empty(name string) error {
	dir, err := t.walk(name, true)
	if err != nil || dir == nil {
		return err
	}
	dir.children = nil
	return nil
}

// index fills the map from contents to paths when the last layer is in. Hard links to one file share their node, so
// the paths are walked in order and the first wins.
func (t *Tree) index() {
	t.shown = map[ID]string{}
	t.root.visit("", func(p string, n *node) {
		if _, known := t.shown[n.id]; n.kind == regular && !known {
			t.shown[n.id] = p
		}
	})
}

func (n *node) visit(at string, do func(string, *node)) {
	for _, name := range slices.Sorted(maps.Keys(n.children)) {
		child := n.children[name]
		p := path.Join(at, name)
		do(p, child)
		child.visit(p, do)
	}
}
