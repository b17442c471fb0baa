package reference

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/input"
)

// Here are the changes of a field that take more than the field: what stands beside it,
// or is made of it, changes along.

// together changes a field that no valid document has another value of unless more
// changes too: rolling out all at once, say, which has no canary region, or the
// environment of one cluster, whose name another has then.
func (e *experiment) together(kind string, f *Field) changes {
	out := changes{}
	for _, d := range documents(e.docs, kind) {
		doc := d.Value
		for _, at := range e.places(kind, doc, f) {
			if others := e.pool.alternatives(f, doc.At(at...)); doc.At(at...) != nil && len(others) > 0 {
				doc = follow(setAt(doc, at, others[0]), at, doc.At(at...), others[0])
			}
		}
		if doc != d.Value && e.judge.accepts(kind, doc) {
			out[d.File] = doc
		}
	}
	if len(out) > 0 {
		return out
	}
	for most := 1; most <= 2 && len(out) == 0; most++ {
		out = e.withNeighbours(kind, f, most)
	}
	return out
}

// wholes changes a field along with what stands beside it: the map that holds it is
// replaced by another known one, after some, in which the field is another. What both
// maps have beside it stays as it is, if it may.
func (e *experiment) wholes(skip int) func(string, *Field) changes {
	return func(kind string, f *Field) changes {
		parent, name := f.Path[:len(f.Path)-1], f.Path[len(f.Path)-1]
		t, rule := e.types[kind].at(parent)
		return e.change(kind, &Field{Path: parent, Type: t, Rule: rule}, skip, func(v *input.Value) []*input.Value {
			if v == nil {
				return nil
			}
			var out []*input.Value
			for _, other := range e.pool.byRule[rule] {
				if text(other.Get(name)) != text(v.Get(name)) {
					out = append(out, like(v, other, name), other)
				}
			}
			return out
		})
	}
}

// like is another map with, but for one field, the values that a map has of the same
// fields.
func like(v, other *input.Value, but string) *input.Value {
	out := other
	for _, f := range other.Fields {
		if old := v.Get(f.Name); old != nil && f.Name != but {
			out = setAt(out, []string{f.Name}, old)
		}
	}
	return out
}

// withNeighbours changes a field, where it is set, along with so many optional fields
// beside or below it.
func (e *experiment) withNeighbours(kind string, f *Field, most int) changes {
	const few = 8 // other values; each costs a hundred judgements
	out := changes{}
	for _, d := range documents(e.docs, kind) {
		for _, at := range e.places(kind, d.Value, f) {
			v := d.Value.At(at...)
			if v == nil || out[d.File] != nil {
				continue
			}
			parent, _ := e.types[kind].at(at[:len(at)-1])
			others := e.pool.alternatives(f, v)
			for _, other := range others[:min(few, len(others))] {
				next := follow(setAt(d.Value, at, other), at, v, other)
				if mended := e.mended(kind, next, parent, at[:len(at)-1], most); mended != nil {
					out[d.File] = mended
					break
				}
			}
		}
	}
	return out
}

// follow changes the neighbours of a changed text that are made of it, such as the zones
// of a cloud region.
func follow(doc *input.Value, at []string, old, now *input.Value) *input.Value {
	if old == nil || old.Kind != input.String || now.Kind != input.String {
		return doc
	}
	parent := doc.At(at[:len(at)-1]...)
	for _, f := range parent.Fields {
		path := append(slices.Clone(at[:len(at)-1]), f.Name)
		if v := f.Value; v.Kind == input.String && strings.HasSuffix(v.Text, "-"+old.Text) {
			doc = setAt(doc, path, scalar(v, input.String, strings.TrimSuffix(v.Text, old.Text)+now.Text))
		}
		for i := range f.Value.Items {
			if item := &f.Value.Items[i]; item.Kind == input.String && strings.HasPrefix(item.Text, old.Text) {
				doc = setAt(doc, append(slices.Clone(path), strconv.Itoa(i)), scalar(item, input.String, now.Text+item.Text[len(old.Text):]))
			}
		}
	}
	return doc
}

// mended is a document with at most so many optional fields below a place added or taken
// away, so that it is valid; or nil.
func (e *experiment) mended(kind string, doc *input.Value, parent *Type, at []string, most int) *input.Value {
	if e.judge.accepts(kind, doc) {
		return doc
	}
	if most == 0 {
		return nil
	}
	for _, f := range optional(parent, 2) {
		path := append(slices.Clone(at), f.Path[len(parentPath(parent)):]...)
		if doc.At(path[:len(path)-1]...) == nil {
			continue
		}
		var value *input.Value
		if doc.At(path...) == nil {
			known := e.pool.alternatives(f, nil)
			if len(known) == 0 {
				continue
			}
			value = known[0]
		}
		if out := e.mended(kind, setAt(doc, path, value), parent, at, most-1); out != nil {
			return out
		}
	}
	return nil
}

// optional are a type's optional fields, down to a depth, without those of items.
func optional(t *Type, depth int) []*Field {
	var out []*Field
	for _, f := range t.Fields {
		if !f.Required {
			out = append(out, f)
		}
		if depth > 1 {
			out = append(out, optional(f.Type, depth-1)...)
		}
	}
	return out
}

func parentPath(t *Type) []string {
	if len(t.Fields) == 0 {
		return nil
	}
	path := t.Fields[0].Path
	return path[:len(path)-1]
}
