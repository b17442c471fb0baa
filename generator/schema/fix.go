package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/cron"
	"github.com/mlfleet/mlfleet/generator/input"
)

// rewritten is how to write what is meant by a value of the wrong type or form, or ""
// where nobody can tell.
func (r *report) rewritten(p problem, value *input.Value, expected string) string {
	if value == nil {
		return ""
	}
	switch value.Kind {
	case input.Float:
		if n, whole := wholeValue(value); whole && expected == wholeNumber {
			return "write " + n
		}
	case input.String:
		if r.schema.rules.defines(positions(p.errors), "#Cron") {
			return cron.Mistake(value.Text)
		}
		return r.unquotedNumber(p.path, value.Text, expected)
	case input.List:
		if twice := repeated(value); twice != "" && is(p.errors[0], msgUnsatisfied) {
			return "remove one " + twice
		}
		return r.joined(p.path, value)
	case input.Map:
		if len(value.Fields) == 0 && is(p.errors[0], msgUnsatisfied) && len(fieldsAt(r.def, p.path)) == 0 {
			return "add one, or remove " + p.path[len(p.path)-1]
		}
	}
	return ""
}

// wholeValue is a number such as 10.0 or 1e1 as whole numbers are written.
func wholeValue(v *input.Value) (string, bool) {
	const exact = 1 << 53 // up to which every whole number is a float64
	if v == nil || v.Kind != input.Float {
		return "", false
	}
	f, err := strconv.ParseFloat(v.Text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > exact {
		return "", false
	}
	return strconv.FormatFloat(f, 'f', 0, 64), true
}

// unquotedNumber says of a text that the field wants it as a number.
func (r *report) unquotedNumber(path []string, text, expected string) string {
	if n, err := strconv.Atoi(text); err == nil && expected == wholeNumber {
		return fmt.Sprintf("write it without quotes: %d", n)
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) && r.accepts(path, n) {
		return "write it without quotes: " + text
	}
	return ""
}

// joined says of a list that the field wants it as one text.
func (r *report) joined(path []string, list *input.Value) string {
	var parts []string
	for _, item := range list.Items {
		if item.Kind != input.String {
			return ""
		}
		parts = append(parts, item.Text)
	}
	if text := strings.Join(parts, ","); r.accepts(path, text) {
		return fmt.Sprintf("write it as one text: %q", text)
	}
	return ""
}

// repeated is the first item that stands twice in a list, or "".
func repeated(list *input.Value) string {
	var seen []string
	for i := range list.Items {
		item := string(list.Items[i].AppendJSON(nil))
		if slices.Contains(seen, item) {
			return short(item)
		}
		seen = append(seen, item)
	}
	return ""
}
