package reference

import (
	"slices"
	"strconv"

	"github.com/mlfleet/mlfleet/generator/input"
)

// setAt is a value with another in place of the one at a path; nil removes that one. A
// path that ends in a field that is not there yet adds it, and one that ends one beyond
// a list appends to it. Values are shared with the old tree and never changed.
func setAt(v *input.Value, path []string, to *input.Value) *input.Value {
	if len(path) == 0 {
		return to
	}
	out := *v
	if v.Kind == input.List {
		i, _ := strconv.Atoi(path[0]) // sites number the items
		out.Items = slices.Clone(v.Items)
		switch below := setAt(itemOf(v, i), path[1:], to); {
		case below == nil:
			out.Items = slices.Delete(out.Items, i, i+1)
		case i == len(out.Items):
			out.Items = append(out.Items, *below)
		default:
			out.Items[i] = *below
		}
		return &out
	}
	out.Fields = slices.Clone(v.Fields)
	at := slices.IndexFunc(out.Fields, func(f input.Field) bool { return f.Name == path[0] })
	switch {
	case at < 0:
		out.Fields = append(out.Fields, input.Field{Position: v.Position, Name: path[0], Value: setAt(nil, path[1:], to)})
	default:
		below := setAt(out.Fields[at].Value, path[1:], to)
		if below == nil {
			out.Fields = slices.Delete(out.Fields, at, at+1)
		} else {
			out.Fields[at].Value = below
		}
	}
	return &out
}

func itemOf(v *input.Value, i int) *input.Value {
	if i < len(v.Items) {
		return &v.Items[i]
	}
	return nil
}

// places lists where in a document a field stands, or could: paths whose last part may
// be missing, all others there.
func places(v *input.Value, path []string) [][]string {
	if v == nil {
		return nil
	}
	if len(path) == 0 {
		return [][]string{nil}
	}
	var heads []string
	switch {
	case path[0] == each && v.Kind == input.List:
		for i := range v.Items {
			heads = append(heads, strconv.Itoa(i))
		}
	case path[0] == entry && v.Kind == input.Map:
		for _, f := range v.Fields {
			heads = append(heads, f.Name)
		}
	case v.Kind == input.Map && path[0] != each && path[0] != entry:
		if len(path) == 1 {
			return [][]string{{path[0]}}
		}
		heads = []string{path[0]}
	}
	var out [][]string
	for _, head := range heads {
		for _, tail := range places(v.At(head), path[1:]) {
			out = append(out, append([]string{head}, tail...))
		}
	}
	return out
}

// text is a value in one line, to tell it from others; of none it is empty.
func text(v *input.Value) string {
	if v == nil {
		return ""
	}
	return string(v.AppendJSON(nil))
}

func scalar(v *input.Value, kind input.Kind, text string) *input.Value {
	out := &input.Value{Kind: kind, Text: text}
	if v != nil {
		out.Position = v.Position
	}
	return out
}
