package manifest

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// Type is what a Node is.
type Type uint8

// The types of a Node. Absent is the zero Node: no value at all, as opposed to
// an explicit null.
const (
	Absent Type = iota
	NullType
	BoolType
	NumberType
	StringType
	MapType
	ListType
)

// Node is one value of a tree. Nodes are never changed once made, so they may be
// shared between trees and goroutines; With and Without return new ones.
type Node struct {
	typ  Type
	text string // of a scalar: as JSON writes it, a string without its quotes
	kids []Field
}

// Field is one entry of a map, or one item of a list (with an empty Key).
type Field struct {
	Key   string
	Value Node
}

// Null is an explicit null.
func Null() Node { return Node{typ: NullType, text: "null"} }

// String is a string, which must be valid UTF-8.
func String(s string) Node { return Node{typ: StringType, text: s} }

// Int is a whole number.
func Int(i int64) Node { return Node{typ: NumberType, text: strconv.FormatInt(i, 10)} }

// Bool is true or false.
func Bool(b bool) Node {
	if b {
		return Node{typ: BoolType, text: "true"}
	}
	return Node{typ: BoolType, text: "false"}
}

// Map is a map of the given fields, which it puts in printing order. A key given
// twice is a mistake of the caller and panics.
func Map(fields ...Field) Node {
	sorted := slices.Clone(fields)
	if dup, ok := sortFields(sorted); !ok {
		panic(fmt.Sprintf("manifest: the key %q is given twice", dup))
	}
	return Node{typ: MapType, kids: sorted}
}

// Strings is a map of strings, such as labels.
func Strings[M ~map[string]string](m M) Node {
	fields := make([]Field, 0, len(m))
	for k, v := range m {
		fields = append(fields, Field{k, String(v)})
	}
	sortFields(fields)
	return Node{typ: MapType, kids: fields}
}

// List is a list of the given items.
func List(items ...Node) Node {
	kids := make([]Field, len(items))
	for i, item := range items {
		kids[i].Value = item
	}
	return Node{typ: ListType, kids: kids}
}

// Type says what n is.
func (n Node) Type() Type { return n.typ }

// Exists reports whether n is anything at all.
func (n Node) Exists() bool { return n.typ != Absent }

// IsMap reports whether n is a map.
func (n Node) IsMap() bool { return n.typ == MapType }

// IsList reports whether n is a list.
func (n Node) IsList() bool { return n.typ == ListType }

// IsString reports whether n is a string.
func (n Node) IsString() bool { return n.typ == StringType }

// Text is the text of a scalar: a string's content, otherwise what JSON writes.
// It is empty for maps and lists.
func (n Node) Text() string { return n.text }

// Fields are the entries of a map in printing order, or the items of a list with
// empty keys. The caller must not change the slice.
func (n Node) Fields() []Field { return n.kids }

// Len is the number of entries or items.
func (n Node) Len() int { return len(n.kids) }

// Item is the i-th item of a list, or value of a map.
func (n Node) Item(i int) Node { return n.kids[i].Value }

// Get follows keys through maps and returns what is there, or an absent Node.
func (n Node) Get(keys ...string) Node {
	for _, key := range keys {
		i, ok := n.find(key)
		if !ok {
			return Node{}
		}
		n = n.kids[i].Value
	}
	return n
}

func (n Node) find(key string) (int, bool) {
	if n.typ != MapType {
		return 0, false
	}
	// Maps are short: comparing for equality beats a binary search by order.
	for i := range n.kids {
		if n.kids[i].Key == key {
			return i, true
		}
	}
	return 0, false
}

// With is the map n with key set to value; an absent value removes the key.
func (n Node) With(key string, value Node) Node {
	if !value.Exists() {
		return n.Without(key)
	}
	i, ok := n.find(key)
	if ok {
		kids := slices.Clone(n.kids)
		kids[i].Value = value
		return Node{typ: MapType, kids: kids}
	}
	i, _ = slices.BinarySearchFunc(n.kids, key, func(f Field, k string) int { return CompareKeys(f.Key, k) })
	kids := make([]Field, 0, len(n.kids)+1)
	kids = append(kids, n.kids[:i]...)
	kids = append(kids, Field{key, value})
	return Node{typ: MapType, kids: append(kids, n.kids[i:]...)}
}

// Without is the map n less the given keys.
func (n Node) Without(keys ...string) Node {
	kids := make([]Field, 0, len(n.kids))
	for _, f := range n.kids {
		if !slices.Contains(keys, f.Key) {
			kids = append(kids, f)
		}
	}
	return Node{typ: n.typ, kids: kids}
}

// WithItem is the map or list n with its i-th value replaced.
func (n Node) WithItem(i int, value Node) Node {
	kids := slices.Clone(n.kids)
	kids[i].Value = value
	return Node{typ: n.typ, kids: kids}
}

// Equal reports whether a and b are the same value. Numbers are compared as
// written: 1 and 1.0 differ, as they do to a reader of a diff.
func Equal(a, b Node) bool {
	if a.typ != b.typ || a.text != b.text || len(a.kids) != len(b.kids) {
		return false
	}
	if len(a.kids) == 0 || &a.kids[0] == &b.kids[0] {
		return true
	}
	for i := range a.kids {
		if a.kids[i].Key != b.kids[i].Key || !Equal(a.kids[i].Value, b.kids[i].Value) {
			return false
		}
	}
	return true
}

// CompareKeys is the order of keys in every map: what identifies an object or an
// item first (apiVersion, kind, metadata, name, namespace), then alphabetical.
func CompareKeys(a, b string) int {
	if c := cmp.Compare(rank(a), rank(b)); c != 0 {
		return c
	}
	return cmp.Compare(a, b)
}

func rank(key string) int {
	switch key {
	case "apiVersion":
		return 0
	case "kind":
		return 1
	case "metadata":
		return 2
	case "name":
		return 3
	case "namespace":
		return 4
	}
	return 5
}

// sortFields puts fields in printing order and reports a key that is there twice.
func sortFields(fields []Field) (duplicate string, ok bool) {
	slices.SortFunc(fields, func(a, b Field) int { return CompareKeys(a.Key, b.Key) })
	for i := 1; i < len(fields); i++ {
		if fields[i-1].Key == fields[i].Key {
			return fields[i].Key, false
		}
	}
	return "", true
}
