package schema

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

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

// docAt is what a schema's comment says of the field at a path, or of the list
// that holds an item.
func docAt(def cue.Value, path []string) string {
	if n := len(path); n > 0 && isIndex(path[n-1]) {
		path = path[:n-1]
	}
	for _, v := range step(def, path...) {
		for _, group := range v.Doc() {
			if text := phrase(group.Text()); text != "" {
				return text
			}
		}
	}
	return ""
}

func isIndex(part string) bool {
	_, err := strconv.Atoi(part)
	return err == nil
}

// phrase makes a comment part of a sentence: one line, no full stop, and a small
// letter first, unless it is one of several large ones.
func phrase(doc string) string {
	text := strings.TrimSuffix(strings.Join(strings.Fields(doc), " "), ".")
	if len(text) > 1 && unicode.IsUpper(rune(text[0])) && !unicode.IsUpper(rune(text[1])) {
		text = strings.ToLower(text[:1]) + text[1:]
	}
	return text
}

// keysAt is what the names of the fields of an open map are, by the comment of
// their format, or "".
func (r *report) keysAt(path []string) string {
	for _, v := range step(r.def, path...) {
		for _, branch := range branches(v) {
			fields, err := branch.Fields(cue.Patterns(true))
			if err != nil {
				continue
			}
			for fields.Next() {
				if fields.Selector().ConstraintType() != cue.PatternConstraint {
					continue
				}
				if doc := r.schema.rules.format(fields.Selector().Pattern().Pos()); doc != "" {
					return doc
				}
			}
		}
	}
	return ""
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
