package schema

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// cutOff reports texts that end before their first comma, because they stand in a map
// in braces and in no quotes: of {start: 0 8 31 4,6 *, end: …} YAML makes a field "6 *"
// without a value. Such a field is no name that anybody has, so it is looked for before
// CUE is asked.
func (r *report) cutOff(v *input.Value, path []string) fleet.Findings {
	var out fleet.Findings
	for i := range v.Items {
		out = append(out, r.cutOff(&v.Items[i], append(slices.Clone(path), fmt.Sprint(i)))...)
	}
	for i, f := range v.Fields {
		below := append(slices.Clone(path), f.Name)
		out = append(out, r.cutOff(f.Value, below)...)
		whole, rest := restored(v.Fields[i:])
		if len(rest) == 0 || !r.accepts(below, whole) && !strings.ContainsAny(rest[0], " *0123456789") {
			continue
		}
		r.reported[key(below)] = opened
		for _, name := range rest {
			r.reported[key(append(slices.Clone(path), name))] = removed
		}
		out = append(out, fleet.Finding{
			Position: f.Value.Position, Severity: fleet.Error,
			Message: r.name(below) + " is cut off at a comma", Expected: docAt(r.def, below),
			Fix: fmt.Sprintf("put it in quotes: %q", whole), Rules: r.place(below),
		})
	}
	return out
}

// restored is the first field's text with what was cut off of it: the names of the
// fields without a value that follow it on its line, a comma away.
func restored(fields []input.Field) (whole string, rest []string) {
	text := fields[0].Value
	if text.Kind == input.Map || text.Kind == input.List || text.Kind == input.Null {
		return "", nil
	}
	whole = text.Written()
	for _, f := range fields[1:] {
		space := f.Position.Column - text.Position.Column - utf8.RuneCountInString(whole) - 1 // more where it is in quotes
		if f.Value.Kind != input.Null || f.Position.Line != text.Position.Line || space != 0 && space != 1 {
			break
		}
		whole += "," + strings.Repeat(" ", space) + f.Name
		rest = append(rest, f.Name)
	}
	return whole, rest
}

// place is where the schemas define a field.
func (r *report) place(path []string) []string {
	for _, v := range step(r.def, path...) {
		if at := r.schema.rules.place(v); at.File != "" {
			return []string{at.String()}
		}
	}
	return nil
}
