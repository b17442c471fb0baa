package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// documents splits a file at its document separators. YAML allows a line of
// three hyphens nowhere else, not even inside a string. The header, which is no
// part of an object, is left out.
func documents(data []byte) []string {
	text := strings.TrimPrefix(string(data), manifest.Header+"\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n---\n")
}

// differing is the documents that are not in both files. Parsing YAML costs far
// more than finding equal documents, and mostly one in ten differs.
func differing(old, new []byte) (oldOnly, newOnly []string) {
	count := map[string]int{}
	trim := func(doc string) string { return strings.TrimSuffix(doc, "\n") }
	for _, doc := range documents(new) {
		count[trim(doc)]++
	}
	for _, doc := range documents(old) {
		if count[trim(doc)] > 0 {
			count[trim(doc)]--
			continue
		}
		oldOnly = append(oldOnly, doc)
	}
	for _, doc := range documents(new) {
		if count[trim(doc)] > 0 {
			count[trim(doc)]--
			newOnly = append(newOnly, doc)
		}
	}
	return oldOnly, newOnly
}

func parse(documents []string) ([]manifest.Object, error) {
	var objects []manifest.Object
	for _, doc := range documents {
		more, err := manifest.ParseYAML([]byte(doc))
		if err != nil {
			return nil, err
		}
		for _, o := range more {
			if slices.ContainsFunc(objects, func(other manifest.Object) bool { return other.ID == o.ID }) {
				return nil, fmt.Errorf("%s stands in it twice", o.ID)
			}
			objects = append(objects, o)
		}
	}
	return objects, nil
}

// pairs puts each old object beside the new one that takes its place; one of a
// pair may be empty. An object whose apiVersion changes stays the same to a reader.
func pairs(old, new []manifest.Object) [][2]manifest.Object {
	new = slices.Clone(new)
	out := make([][2]manifest.Object, len(old))
	for i, o := range old {
		out[i] = [2]manifest.Object{o, take(&new, o.ID)}
	}
	for i := range out {
		if !out[i][1].Root.Exists() {
			out[i][1] = take(&new, manifest.ID{Kind: old[i].Kind, Namespace: old[i].Namespace, Name: old[i].Name})
		}
	}
	for _, o := range new {
		out = append(out, [2]manifest.Object{{}, o}) //nolint:makezero // the old ones fill the length it was made with
	}
	return out
}

// take removes the object of that ID from the list and returns it, or an empty
// one. An ID without apiVersion is that of any.
func take(objects *[]manifest.Object, id manifest.ID) manifest.Object {
	i := slices.IndexFunc(*objects, func(o manifest.Object) bool {
		same := o.ID
		if id.APIVersion == "" {
			same.APIVersion = ""
		}
		return same == id
	})
	if i < 0 {
		return manifest.Object{}
	}
	o := (*objects)[i]
	*objects = slices.Delete(*objects, i, i+1)
	return o
}

// compare gives what differs between two states of an object, one of which may
// be empty. It reports false where nothing does. gone says that the whole file of
// the old one went.
func compare(at where, gone bool, old, new manifest.Object) (Object, bool) {
	o := about(new.ID, Changed)
	switch {
	case !new.Root.Exists():
		o = about(old.ID, Removed)
	case !old.Root.Exists():
		o.Action = Added
	default:
		for _, c := range manifest.Diff(old.Root, new.Root) {
			o.Fields = append(o.Fields, Field{Path: c.Path, Old: toJSON(c.Old), New: toJSON(c.New)})
		}
		if len(o.Fields) == 0 {
			return Object{}, false
		}
	}
	o.Consequences = consequences(o.Action, at, gone, old, new)
	return o, true
}

func about(id manifest.ID, action Action) Object {
	return Object{Action: action, APIVersion: id.APIVersion, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name}
}

func (o Object) is(id manifest.ID) bool {
	return o.APIVersion == id.APIVersion && o.Kind == id.Kind && o.Namespace == id.Namespace && o.Name == id.Name
}
