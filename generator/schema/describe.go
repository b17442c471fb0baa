package schema

import (
	"cmp"
	"fmt"
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
	msgDisjunction = "errors in empty disjunction"
	msgConflict    = "conflicting values %s and %s"
	msgBound       = "invalid value %v (out of bound %s)"
	msgUnsatisfied = "does not satisfy"
	msgNoMap       = "cannot combine regular field"
	msgEcho        = "invalid left-hand value" // of a rule that meets another one's error
	msgAuthored    = "%s"                      // of a rule that says itself what it wants: error("…")
)

func unknown(e errors.Error) bool { return is(e, msgUnknown) }

func missing(e errors.Error) bool { return is(e, msgMissing) }

// hidden says whether the rule is over several fields: such rules stand in hidden ones.
func hidden(e errors.Error) bool {
	return slices.ContainsFunc(e.Path(), func(part string) bool { return strings.HasPrefix(part, "_") })
}

// forbidden says whether a rule that says itself what it wants is all that is broken.
func forbidden(p problem) bool {
	return !slices.ContainsFunc(p.errors, func(e errors.Error) bool {
		format, _ := e.Msg()
		return format != msgAuthored
	})
}

func is(e errors.Error, message string) bool {
	format, _ := e.Msg()
	return strings.Contains(format, message)
}

// describe says in an ML engineer's words what CUE says in its own.
func (r *report) describe(p problem) fleet.Finding {
	path := r.name(p.path)
	first := p.errors[0]
	value := r.whole.At(p.path...)
	switch {
	case unknown(first):
		return r.describeUnknown(p)
	case missing(first):
		return fleet.Finding{Message: path + " is missing", Expected: docAt(r.def, p.path), Fix: "add it"}
	case hidden(first):
		return fleet.Finding{Message: path + " contradicts itself", Expected: r.doc(p)}
	}
	f := fleet.Finding{Message: path + " " + shown(value)}
	if forbidden(p) && value != nil && (value.Kind == input.Map || value.Kind == input.List) { // whatever is in it
		f.Message = path + " does not belong here"
	}
	if is(first, msgUnsatisfied) && value != nil && len(value.Items) > 0 { // a right list of wrong items
		f.Message = path + " is " + short(string(value.AppendJSON(nil)))
	}
	alternatives, wantsString := r.alternatives(p)
	switch {
	case len(alternatives) > 1:
		f.Expected = oneOf(alternatives)
		if given := text(value); slices.Contains(alternatives, given) {
			f.Fix = "write it without quotes: " + given
		} else if n, whole := wholeValue(value); whole && slices.Contains(alternatives, n) {
			f.Fix = "write " + n
		} else if best := suggest.Nearest(given, unquoted(alternatives)); best != "" {
			f.Fix = fmt.Sprintf("did you mean %q?", best)
		}
	case wantsString && isNumberOrBool(value):
		f.Message += ", " + value.Kind.String()
		f.Expected = cmp.Or(r.meaning(p), "a string")
		if r.accepts(p.path, value.Written()) {
			f.Fix = fmt.Sprintf("put it in quotes: %q", value.Written())
		}
	default:
		f.Expected = r.expectation(p)
		f.Fix = r.rewritten(p, value, f.Expected)
	}
	return f
}

const wholeNumber = "a whole number"

func isNumberOrBool(v *input.Value) bool {
	return v != nil && (v.Kind == input.Int || v.Kind == input.Float || v.Kind == input.Bool)
}

// text is a string's, and nothing of any other value.
func text(v *input.Value) string {
	if v == nil || v.Kind != input.String {
		return ""
	}
	return v.Text
}

// oneOf joins alternatives as a sentence does.
func oneOf(alternatives []string) string {
	last := len(alternatives) - 1
	joined := strings.Join(alternatives[:last], ", ") + " or " + alternatives[last]
	if last == 1 {
		return joined
	}
	return "one of " + joined
}

// accepts says whether a field would be right with another value.
func (r *report) accepts(path []string, value any) bool {
	other := r.schema.ctx.Encode(value)
	rules := step(r.def, path...)
	for _, field := range rules {
		if field.Unify(other).Validate() != nil {
			return false
		}
	}
	return len(rules) > 0
}

func (r *report) describeUnknown(p problem) fleet.Finding {
	last := len(p.path) - 1
	name, parent := p.path[last], p.path[:last]
	known := fieldsAt(r.def, parent)
	if keys := r.keysAt(parent); keys != "" && len(known) == 0 {
		return fleet.Finding{Message: fmt.Sprintf("%q cannot be the name of an entry of %s", name, r.name(parent)), Expected: keys, Fix: "rename it"}
	}
	f := fleet.Finding{Message: "unknown field " + r.name(p.path), Fix: "remove it"}
	if len(known) > 0 {
		f.Expected = "known here: " + strings.Join(known, ", ")
	}
	if best := suggest.Nearest(name, known); best != "" {
		f.Fix = fmt.Sprintf("did you mean %q?", best)
		const few = 6
		if len(known) > few { // the suggestion says enough
			f.Expected = ""
		}
	}
	return f
}

// name is a path as a person writes it: spec.overrides[1].gpu.
func (r *report) name(path []string) string {
	var b strings.Builder
	for _, part := range slices.Concat(r.prefix, path) {
		switch {
		case isIndex(part):
			b.WriteString("[" + part + "]")
			continue
		case strings.Contains(part, "."):
			b.WriteString("[" + strconv.Quote(part) + "]")
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
			values = append(values, r.aMap(p.path))
		case strings.Contains(format, msgConflict):
			for i, arg := range args[:2] {
				text := fmt.Sprint(arg)
				switch {
				case isNumber(text) && (text != r.written(p.path) || wantsInt(args, i)):
					values = append(values, text)
				case i == 0 && len(args) == 2 || strings.HasPrefix(text, `"`) && len(args) == 4 && fmt.Sprint(args[2+i]) == "string" && fmt.Sprint(args[3-i]) != "string":
					if strings.HasPrefix(text, `"`) && text != r.written(p.path) {
						values = append(values, text)
					}
				case text == "string":
					wantsString = true
				case strings.HasPrefix(text, "{"):
					values = append(values, r.aMap(p.path))
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
	slices.SortFunc(values, inOrder)
	return slices.Compact(values), false
}

// wantsInt says whether one side of a conflict is a whole number and the other is
// written as a fraction: 30 and 30.0, which CUE shows alike.
func wantsInt(args []any, side int) bool {
	return len(args) == 4 && fmt.Sprint(args[2+side]) == "int" && fmt.Sprint(args[3-side]) == "float"
}

// written is the value at a path as CUE shows it.
func (r *report) written(path []string) string {
	v := r.whole.At(path...)
	if v == nil {
		return ""
	}
	return string(v.AppendJSON(nil))
}

func isNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

// inOrder compares alternatives: numbers by their size, texts by their letters.
func inOrder(a, b string) int {
	n, errN := strconv.Atoi(a)
	m, errM := strconv.Atoi(b)
	if errN == nil && errM == nil {
		return cmp.Compare(n, m)
	}
	return cmp.Compare(a, b)
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

// aMap is what a map at a path holds, in words.
func (r *report) aMap(path []string) string {
	if known := fieldsAt(r.def, path); len(known) > 0 {
		return "a map with " + strings.Join(known, ", ")
	}
	return "a map"
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

// shown is what a message says of a value.
func shown(v *input.Value) string {
	switch {
	case v == nil:
		return "is missing"
	case v.Kind == input.Null:
		return "has no value"
	case v.Kind == input.List && len(v.Items) == 0:
		return "is an empty list"
	case v.Kind == input.Map && len(v.Fields) == 0:
		return "is an empty map"
	case v.Kind == input.List, v.Kind == input.Map:
		return "is " + v.Kind.String()
	case v.Kind == input.String:
		return "is " + strconv.Quote(short(v.Text))
	}
	return "is " + short(v.Written())
}

// short is the beginning of a text that may be long.
func short(text string) string {
	const most = 80
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
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
