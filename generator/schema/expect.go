package schema

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/errors"

	"github.com/mlfleet/mlfleet/generator/input"
)

// expectation says what the rules behind a problem wanted.
func (r *report) expectation(p problem) string {
	var out []string
	for _, e := range p.errors {
		format, args := e.Msg()
		switch {
		case strings.Contains(format, msgBound) && len(args) == 2:
			out = append(out, r.bound(fmt.Sprint(args[1]), e))
		case strings.Contains(format, msgUnsatisfied):
			out = append(out, r.constraint(p, fmt.Sprint(args[len(args)-1]), e))
		case strings.Contains(format, msgConflict) && len(args) >= 2:
			out = append(out, r.wanted(p, e))
		case format == msgAuthored && len(args) == 1:
			out = append(out, fmt.Sprint(args[0]))
		case strings.Contains(format, msgEcho), strings.Contains(format, msgDisjunction):
		default:
			out = append(out, r.meaning(p))
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(slices.DeleteFunc(out, func(s string) bool { return s == "" })), "; ")
}

// bound puts a CUE bound in words; a pattern is told by its format's comment.
func (r *report) bound(bound string, e errors.Error) string {
	for _, b := range []struct{ op, words string }{
		{">=", "at least "}, {"<=", "at most "}, {">", "more than "}, {"<", "less than "}, {"!=", "not "},
	} {
		if number, ok := strings.CutPrefix(bound, b.op); ok && !strings.HasPrefix(bound, "!~") {
			return b.words + number + r.condition(e)
		}
	}
	return r.format(e)
}

// condition says in the field's own words what a bound depends on, where it
// depends on another field.
func (r *report) condition(e errors.Error) string {
	for _, pos := range positions([]errors.Error{e}) {
		if r.schema.rules.conditional(pos) {
			if doc := docAt(r.def, r.blame(e)); doc != "" {
				return ": " + doc
			}
		}
	}
	return ""
}

// constraint puts a validator such as list.MinItems(1) in words.
func (r *report) constraint(p problem, text string, e errors.Error) string {
	name, args, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	switch name {
	case "list.MinItems":
		return "at least " + counted(args, "item")
	case "list.MaxItems":
		return "at most " + counted(args, "item")
	case "list.UniqueItems":
		return "every item once"
	case "struct.MinFields":
		if len(fieldsAt(r.def, p.path)) == 0 { // whose names say something
			return "at least " + counted(args, "field") + ": " + docAt(r.def, p.path)
		}
		return "at least " + counted(args, "field")
	}
	return r.format(e)
}

func counted(n, noun string) string {
	if n == "1" {
		return n + " " + noun
	}
	return n + " " + noun + "s"
}

// wanted is the side of a conflict that the schema wrote.
func (r *report) wanted(p problem, e errors.Error) string {
	_, args := e.Msg()
	value := r.whole.At(p.path...)
	for _, arg := range args[:2] {
		text := fmt.Sprint(arg)
		switch {
		case value != nil && text == string(value.AppendJSON(nil)), sameNumber(value, text), value != nil && value.Kind == input.List && text[0] == '[', value != nil && value.Kind == input.Map && text[0] == '{':
		case text == "string":
			return cmp.Or(r.meaning(p), "a string")
		case text == "int":
			return wholeNumber
		case text == "bool":
			return "true or false"
		case text[0] == '{':
			return r.aMap(p.path)
		case text[0] == '[':
			return "a list"
		case strings.ContainsAny(text[:1], "=!<>"):
			return r.meaning(p)
		default:
			return "has to be " + text + r.condition(e)
		}
	}
	return r.meaning(p)
}

// sameNumber says whether CUE shows a number by a text: 10.0 is 1E+1 to it.
func sameNumber(v *input.Value, text string) bool {
	if v == nil || v.Kind != input.Float {
		return false
	}
	have, errHave := strconv.ParseFloat(v.Text, 64)
	said, errSaid := strconv.ParseFloat(text, 64)
	return errHave == nil && errSaid == nil && have == said
}

// format is what the comment of the rule's definition says a value is, or else
// what the field's comment says.
func (r *report) format(e errors.Error) string {
	for _, pos := range positions([]errors.Error{e}) {
		if doc := r.schema.rules.format(pos); doc != "" {
			return doc
		}
	}
	return docAt(r.def, r.blame(e))
}

// meaning is the same for all errors of a problem.
func (r *report) meaning(p problem) string {
	for _, e := range p.errors {
		if doc := r.format(e); doc != "" {
			return doc
		}
	}
	return ""
}

// doc is the comment of the innermost field around the rules of a problem.
func (r *report) doc(p problem) string {
	for _, pos := range positions(p.errors) {
		if doc := r.schema.rules.doc(pos); doc != "" {
			return doc
		}
	}
	return ""
}
