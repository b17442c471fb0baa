package schema

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cuelang.org/go/cue/errors"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// CUE's messages, by the format that errors.Error.Msg returns. They are CUE's
// own wording, so tests hold every one of them against the CUE in go.mod.
const (
	msgUnknown     = "field not allowed"
	msgMissing     = "field is required but not present"
	msgIncomplete  = "incomplete value %s"
	msgDisjunction = "errors in empty disjunction"
	msgConflict    = "conflicting values %s and %s"
	msgBound       = "invalid value %v (out of bound %s)"
	msgUnsatisfied = "does not satisfy"
	msgNoMap       = "cannot combine regular field"
)

func unknown(e errors.Error) bool { return is(e, msgUnknown) }

func missing(e errors.Error) bool { return is(e, msgMissing) || is(e, msgIncomplete) }

// hidden says whether the rule is over several fields: such rules stand in hidden ones.
func hidden(e errors.Error) bool {
	return slices.ContainsFunc(e.Path(), func(part string) bool { return strings.HasPrefix(part, "_") })
}

func is(e errors.Error, message string) bool {
	format, _ := e.Msg()
	return strings.Contains(format, message)
}

// describe says in an ML engineer's words what CUE says in its own.
func (r *report) describe(p problem) fleet.Finding {
	path := r.name(p.path)
	first := p.errors[0]
	switch {
	case unknown(first):
		return r.describeUnknown(p)
	case missing(first):
		return fleet.Finding{Message: path + " is missing", Expected: docAt(r.def, p.path), Fix: "add it"}
	case hidden(first):
		return fleet.Finding{Message: path + " contradicts " + r.contradicted(p), Expected: r.doc(p)}
	}
	value := r.whole.At(p.path...)
	f := fleet.Finding{Message: fmt.Sprintf("%s is %s", path, show(value))}
	alternatives, wantsString := r.alternatives(p)
	switch {
	case len(alternatives) > 1:
		f.Expected = "one of " + strings.Join(alternatives, ", ")
		if best := suggest.Nearest(strings.Trim(show(value), `"`), unquoted(alternatives)); best != "" {
			f.Fix = fmt.Sprintf("did you mean %q?", best)
		}
	case wantsString && value != nil && isScalar(value.Kind):
		f.Message = fmt.Sprintf("%s is %s, %s", path, value.Text, value.Kind)
		f.Expected = cmp.Or(r.meaning(p), "a string")
		f.Fix = fmt.Sprintf("put it in quotes: %q", value.Text)
	default:
		f.Expected = r.expectation(p)
	}
	return f
}

func isScalar(k input.Kind) bool { return k == input.Int || k == input.Float || k == input.Bool }

func (r *report) describeUnknown(p problem) fleet.Finding {
	name := p.path[len(p.path)-1]
	known := fieldsAt(r.def, p.path[:len(p.path)-1])
	f := fleet.Finding{Message: fmt.Sprintf("unknown field %s", r.name(p.path))}
	if len(known) > 0 {
		f.Expected = "known here: " + strings.Join(known, ", ")
	} else {
		f.Expected = docAt(r.def, p.path[:len(p.path)-1])
	}
	if best := suggest.Nearest(name, known); best != "" {
		f.Fix = fmt.Sprintf("did you mean %q?", best)
	} else {
		f.Fix = "remove it"
	}
	return f
}

// name is a path as a person writes it: spec.overrides[1].gpu.
func (r *report) name(path []string) string {
	var b strings.Builder
	for _, part := range slices.Concat(r.prefix, path) {
		if _, err := strconv.Atoi(part); err == nil {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	if b.Len() == 0 {
		return "the document"
	}
	return b.String()
}

// alternatives collects what an enum would have taken, and says whether a string
// was wanted where another type stands.
func (r *report) alternatives(p problem) (values []string, wantsString bool) {
	enum := false
	for _, e := range p.errors {
		format, args := e.Msg()
		switch {
		case strings.Contains(format, msgDisjunction):
			enum = true
		case strings.Contains(format, msgNoMap):
			enum = true
			values = append(values, "a map with "+strings.Join(fieldsAt(r.def, p.path), ", "))
		case strings.Contains(format, msgConflict):
			for i, arg := range args[:2] {
				text := fmt.Sprint(arg)
				switch {
				case i == 0 && len(args) == 2 || strings.HasPrefix(text, `"`) && len(args) == 4 && fmt.Sprint(args[2+i]) == "string" && fmt.Sprint(args[3-i]) != "string":
					if strings.HasPrefix(text, `"`) {
						values = append(values, text)
					}
				case text == "string":
					wantsString = true
				case strings.HasPrefix(text, "{"):
					values = append(values, "a map with "+strings.Join(mapFields(text), ", "))
				}
			}
		case strings.Contains(format, msgBound) && len(args) == 2:
			if pattern, ok := strings.CutPrefix(fmt.Sprint(args[1]), "=~"); ok {
				values = append(values, readable(pattern))
			}
		}
	}
	if !enum {
		return nil, wantsString || wantsText(p)
	}
	slices.Sort(values)
	return slices.Compact(values), false
}

// wantsText says whether a pattern was refused because the value is no string.
func wantsText(p problem) bool {
	for _, e := range p.errors {
		format, args := e.Msg()
		if strings.Contains(format, "mismatched types") && len(args) == 4 && strings.Contains(fmt.Sprint(args), "string") {
			return true
		}
	}
	return false
}

var fieldName = regexp.MustCompile(`(?:^\{|,)\s*([a-zA-Z]+)[?!]?:`)

func mapFields(text string) []string {
	var out []string
	for _, m := range fieldName.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// readable turns the pattern of an enum's open alternative into a shape:
// "^mig-[1-7]g…" into mig-….
func readable(pattern string) string {
	text, err := strconv.Unquote(pattern)
	if err != nil {
		text = pattern
	}
	text = strings.TrimPrefix(text, "^")
	if i := strings.IndexAny(text, `[(.\+*?{$`); i > 0 {
		return text[:i] + "…"
	}
	return "text like " + text
}

// expectation says what the rules behind a problem wanted.
func (r *report) expectation(p problem) string {
	var out []string
	for _, e := range p.errors {
		format, args := e.Msg()
		switch {
		case strings.Contains(format, msgBound) && len(args) == 2:
			out = append(out, r.bound(fmt.Sprint(args[1]), e))
		case strings.Contains(format, msgUnsatisfied):
			out = append(out, r.constraint(fmt.Sprint(args[len(args)-1]), e))
		case strings.Contains(format, msgConflict) && len(args) >= 2:
			out = append(out, r.wanted(p, args))
		case strings.Contains(format, "invalid left-hand value"), strings.Contains(format, msgDisjunction):
		default:
			out = append(out, e.Error()[strings.LastIndex(e.Error(), ": ")+1:])
		}
	}
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
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
				return ": " + strings.ToLower(doc[:1]) + doc[1:]
			}
		}
	}
	return ""
}

// constraint puts a validator such as list.MinItems(1) in words.
func (r *report) constraint(text string, e errors.Error) string {
	if text == "net.IPCIDR" {
		return "an address range such as 10.0.0.0/16"
	}
	if name, args, ok := strings.Cut(strings.TrimSuffix(text, ")"), "("); ok {
		switch name {
		case "list.MinItems":
			return "at least " + args + " items"
		case "list.MaxItems":
			return "at most " + args + " items"
		case "list.UniqueItems":
			return "each item once"
		case "struct.MinFields":
			return "at least " + args + " field"
		case "strings.HasPrefix":
			return "beginning with " + args
		}
	}
	return r.format(e)
}

// wanted is the side of a conflict that the schema wrote.
func (r *report) wanted(p problem, args []any) string {
	value := r.whole.At(p.path...)
	for i := range 2 {
		text := fmt.Sprint(args[i])
		if text == show(value) || value != nil && (value.Kind == input.List && text[0] == '[' || value.Kind == input.Map && text[0] == '{') {
			continue
		}
		switch text {
		case "string":
			return cmp.Or(r.meaning(p), "a string")
		case "int":
			return "a whole number"
		case "bool":
			return "true or false"
		}
		if strings.HasPrefix(text, "{") {
			return "a map with " + strings.Join(mapFields(text), ", ")
		}
		if strings.HasPrefix(text, "[") {
			return "a list"
		}
		return text
	}
	return r.meaning(p)
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

// show is a value as a message quotes it.
func show(v *input.Value) string {
	if v == nil {
		return "missing"
	}
	switch v.Kind {
	case input.List, input.Map, input.Null:
		return v.Kind.String()
	case input.String:
		const most = 60
		if r := []rune(v.Text); len(r) > most {
			return strconv.Quote(string(r[:most])) + "…"
		}
		return strconv.Quote(v.Text)
	default:
		return v.Text
	}
}

func unquoted(quoted []string) []string {
	var out []string
	for _, q := range quoted {
		if s, err := strconv.Unquote(q); err == nil {
			out = append(out, s)
		}
	}
	return out
}
