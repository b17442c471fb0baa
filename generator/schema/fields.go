package schema

import (
	"slices"
	"strings"

	"cuelang.org/go/cue"
)

// fieldsAt lists, sorted, the fields that a schema knows at a path.
func fieldsAt(def cue.Value, path []string) []string {
	var names []string
	for _, v := range step(def, path...) {
		for _, branch := range branches(v) {
			fields, err := branch.Fields(cue.Optional(true))
			if err != nil {
				continue
			}
			for fields.Next() {
				names = append(names, fields.Selector().Unquoted())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// docAt is what a schema's comment says of the field at a path, in one line.
func docAt(def cue.Value, path []string) string {
	for _, v := range step(def, path...) {
		for _, group := range v.Doc() {
			if text := oneLine(group.Text()); text != "" {
				return text
			}
		}
	}
	return ""
}

func oneLine(doc string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(doc), " "), ".")
}

// step goes from a schema along a path of fields and items, through every
// alternative.
func step(v cue.Value, path ...string) []cue.Value {
	at := []cue.Value{v}
	for _, part := range path {
		var next []cue.Value
		for _, v := range at {
			for _, branch := range branches(v) {
				next = append(next, child(branch, part)...)
			}
		}
		at = next
	}
	return at
}

func child(v cue.Value, part string) []cue.Value {
	for _, selector := range []cue.Selector{cue.Str(part), cue.Str(part).Optional(), cue.Str(part).Required(), cue.AnyIndex} {
		if next := v.LookupPath(cue.MakePath(selector)); next.Exists() {
			return []cue.Value{next}
		}
	}
	return nil
}

// branches are the sides of disjunctions and conjunctions, and the value itself.
func branches(v cue.Value) []cue.Value {
	out := []cue.Value{v}
	if op, args := v.Expr(); op == cue.OrOp || op == cue.AndOp {
		for _, arg := range args {
			out = append(out, branches(arg)...)
		}
	}
	return out
}
