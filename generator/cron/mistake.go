package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is what one of a schedule's five fields may hold.
type field struct {
	name        string
	least, most int
	names       []string // that stand for least, least+1, …
}

var fields = [...]field{
	{name: "minute", most: 59},
	{name: "hour", most: 23},
	{name: "day of month", least: 1, most: 31},
	{name: "month", least: 1, most: 12, names: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day of week", most: 6, names: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
}

// Mistake says what is wrong with a text that is no schedule, and how it is written
// instead, in words for the person who wrote it; "" where that cannot be told.
func Mistake(text string) string {
	parts := strings.Fields(text)
	switch {
	case strings.HasPrefix(text, "@"):
		return "write " + strings.TrimSpace(text) + " as five fields"
	case len(parts) < 2: // which is not even meant as one
		return ""
	case strings.Contains(parts[0], "="):
		return "leave out " + parts[0] + ", a time zone stands in timeZone"
	case len(parts) == len(fields)+1:
		return "these are six fields: leave out the seconds"
	case len(parts) != len(fields):
		return fmt.Sprintf("these are %d fields: write minute, hour, day of month, month and day of week", len(parts))
	case strings.Join(parts, " ") != text:
		return "put one space between two fields, and none around them"
	}
	for i, f := range fields {
		for part := range strings.SplitSeq(parts[i], ",") {
			if mistake := f.mistake(part); mistake != "" {
				return mistake
			}
		}
	}
	return ""
}

// mistake is what is wrong with one part of a field: a star, a value or a range, and
// perhaps a step.
func (f field) mistake(part string) string {
	values, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > 99) {
		return fmt.Sprintf("the step of the %s is 1 to 99, not %q", f.name, step)
	}
	if values == "*" {
		return ""
	}
	for value := range strings.SplitSeq(values, "-") {
		if mistake := f.wrong(value); mistake != "" {
			return mistake
		}
	}
	return ""
}

// wrong is what is wrong with one value of a field.
func (f field) wrong(value string) string {
	n, err := strconv.Atoi(value)
	switch upper := strings.ToUpper(value); {
	case err == nil && n >= f.least && n <= f.most, slices.Contains(f.names, value):
		return ""
	case f.name == "day of week" && value == "7":
		return "Sunday is 0"
	case value == "?":
		return "write * instead of ?"
	case slices.Contains(f.names, upper):
		return "write " + value + " in capital letters: " + upper
	case len(f.names) > 0:
		return fmt.Sprintf("the %s is %d to %d, or %s to %s, not %q", f.name, f.least, f.most, f.names[0], f.names[len(f.names)-1], value)
	}
	return fmt.Sprintf("the %s is %d to %d, not %q", f.name, f.least, f.most, value)
}
