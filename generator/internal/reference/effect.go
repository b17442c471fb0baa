package reference

import (
	"maps"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// Kind names a kind of objects.
type Kind struct{ APIVersion, Kind string }

// Effect is what a change of a field changed: by the kind of object, the paths in it.
// The path "" is the object itself, which came or went.
type Effect struct {
	Objects map[Kind]map[string]bool
	// Checked is whether the change altered what the checks between documents say.
	Checked bool
}

func (e *Effect) add(k Kind, path string) {
	if e.Objects == nil {
		e.Objects = map[Kind]map[string]bool{}
	}
	if e.Objects[k] == nil {
		e.Objects[k] = map[string]bool{}
	}
	e.Objects[k][path] = true
}

func (e *Effect) merge(other Effect) {
	for k, paths := range other.Objects {
		for path := range paths {
			e.add(k, path)
		}
	}
	e.Checked = e.Checked || other.Checked
}

// named are the lists whose items a reader knows by their names.
var named = []string{"containers", "initContainers", "env", "volumes", "volumeMounts", "ports"}

// differences calls found for the path of everything that differs. Items of lists are
// "[]", or "[name]" where their names are the generator's and tell a reader something.
func differences(a, b manifest.Node, path string, found func(string)) {
	switch {
	case manifest.Equal(a, b):
	case a.IsMap() && b.IsMap() && !strings.HasSuffix(path, ".headers"): // their names are the fleet's
		for key, pair := range manifest.Pairs(a, b) {
			differences(pair[0], pair[1], join(path, key), found)
		}
	case a.IsList() && b.IsList() && slices.Contains(named, path[strings.LastIndex(path, ".")+1:]):
		before, now := byName(a), byName(b)
		for _, name := range slices.Sorted(maps.Keys(both(before, now))) {
			differences(before[name], now[name], path+"["+name+"]", found)
		}
	case a.IsList() && b.IsList() && a.Len() == b.Len() && !plain(a) && !plain(b):
		for i := range a.Len() {
			differences(a.Item(i), b.Item(i), path+each, found)
		}
	default:
		found(path)
	}
}

func join(path, key string) string {
	switch {
	case strings.ContainsAny(key, "./"):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func byName(list manifest.Node) map[string]manifest.Node {
	out := map[string]manifest.Node{}
	for i := range list.Len() {
		out[list.Item(i).Get("name").Text()] = list.Item(i)
	}
	return out
}

func both[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func plain(list manifest.Node) bool {
	return list.Len() > 0 && !list.Item(0).IsMap() && !list.Item(0).IsList()
}
