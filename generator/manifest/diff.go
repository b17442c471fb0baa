package manifest

import (
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two states of an object.
type Change struct {
	// Path is where: "spec.template.spec.containers[server].image". An item of a
	// list is named by its name where all have one, else by its number; a key with
	// a dot stands in brackets.
	Path string
	// Old and New are the values, absent where there was or is none.
	Old, New Node
}

// Diff lists what differs between two trees, field by field, in printing order.
// Lists whose items all have distinct names are compared by name, and a change of
// their order alone is one change, of the list of names, at a path ending in "[]".
// A list of plain values that differs is one change.
func Diff(old, new Node) []Change {
	return appendChanges(nil, "", old, new)
}

func appendChanges(changes []Change, path string, old, new Node) []Change {
	switch {
	case Equal(old, new):
		return changes
	case old.typ == MapType && new.typ == MapType:
		return appendMapChanges(changes, path, old, new)
	case old.typ == ListType && new.typ == ListType:
		return appendListChanges(changes, path, old, new)
	}
	return append(changes, Change{Path: path, Old: old, New: new})
}

func appendMapChanges(changes []Change, path string, old, new Node) []Change {
	for key, pair := range Pairs(old, new) {
		changes = appendChanges(changes, path+pathStep(path, key), pair[0], pair[1])
	}
	return changes
}

// Pairs walks two maps at once in printing order: every key of either, with its
// value in a and in b, absent where that map lacks it.
func Pairs(a, b Node) func(yield func(string, [2]Node) bool) {
	return func(yield func(string, [2]Node) bool) {
		as, bs := a.kids, b.kids
		for len(as) > 0 || len(bs) > 0 {
			order := 0
			switch {
			case len(as) == 0:
				order = 1
			case len(bs) == 0:
				order = -1
			case as[0].Key != bs[0].Key:
				order = CompareKeys(as[0].Key, bs[0].Key)
			}
			var key string
			var pair [2]Node
			if order <= 0 {
				key, pair[0], as = as[0].Key, as[0].Value, as[1:]
			}
			if order >= 0 {
				key, pair[1], bs = bs[0].Key, bs[0].Value, bs[1:]
			}
			if !yield(key, pair) {
				return
			}
		}
	}
}

func pathStep(path, key string) string {
	switch {
	case key == "" || strings.ContainsAny(key, ".[] \n"):
		return "[" + key + "]"
	case path == "":
		return key
	}
	return "." + key
}

func appendListChanges(changes []Change, path string, old, new Node) []Change {
	oldNames, ok := itemNames(old)
	newNames, ok2 := itemNames(new)
	if ok && ok2 {
		var oldShared, newShared []Node
		for i, name := range oldNames {
			j := slices.Index(newNames, name)
			if j < 0 {
				changes = append(changes, Change{Path: path + "[" + name + "]", Old: old.Item(i)})
				continue
			}
			oldShared = append(oldShared, String(name))
			changes = appendChanges(changes, path+"["+name+"]", old.Item(i), new.Item(j))
		}
		for j, name := range newNames {
			if slices.Contains(oldNames, name) {
				newShared = append(newShared, String(name))
				continue
			}
			changes = append(changes, Change{Path: path + "[" + name + "]", New: new.Item(j)})
		}
		if a, b := List(oldShared...), List(newShared...); !Equal(a, b) {
			changes = append(changes, Change{Path: path + "[]", Old: a, New: b})
		}
		return changes
	}
	if old.Len() != new.Len() || slices.ContainsFunc(old.kids, isScalar) || slices.ContainsFunc(new.kids, isScalar) {
		return append(changes, Change{Path: path, Old: old, New: new})
	}
	for i := range old.kids {
		changes = appendChanges(changes, path+"["+strconv.Itoa(i)+"]", old.Item(i), new.Item(i))
	}
	return changes
}

func isScalar(f Field) bool { return f.Value.typ != MapType && f.Value.typ != ListType }

// itemNames are the names of a list's items, when each has one of its own.
func itemNames(list Node) ([]string, bool) {
	names := make([]string, 0, list.Len())
	for i := range list.kids {
		name := list.Item(i).Get("name")
		if name.typ != StringType || slices.Contains(names, name.text) {
			return nil, false
		}
		names = append(names, name.text)
	}
	return names, true
}
