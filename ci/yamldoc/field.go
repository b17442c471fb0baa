package yamldoc

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/agext/levenshtein"
	"go.yaml.in/yaml/v3"
)

// Field reads one field's value into where the caller wants it. Its error has the value's place.
type Field struct {
	read     func(Node) error
	required bool
}

// Required makes a field's absence an error.
func Required(f Field) Field {
	f.required = true
	return f
}

// Any lets the caller read the value.
func Any(read func(Node) error) Field { return Field{read: read} }

// String takes a text that is not empty.
func String(into *string) Field {
	return Field{read: func(n Node) error {
		if n.yaml.Kind != yaml.ScalarNode || n.yaml.Tag == "!!null" || strings.TrimSpace(n.yaml.Value) == "" {
			return n.Errorf("a text is wanted, this is %s", n.kind())
		}
		*into = strings.TrimSpace(n.yaml.Value)
		return nil
	}}
}

// OneOf takes one of some words.
func OneOf(into *string, words ...string) Field {
	return Field{read: func(n Node) error {
		if n.yaml.Kind != yaml.ScalarNode || !slices.Contains(words, n.yaml.Value) {
			return n.Errorf("one of %s is wanted, this is %s", strings.Join(words, ", "), n.kind())
		}
		*into = n.yaml.Value
		return nil
	}}
}

// Date takes a day, 2026-12-31, and gives its first moment in UTC.
func Date(into *time.Time) Field {
	return Field{read: func(n Node) error {
		day, err := time.Parse(time.DateOnly, n.yaml.Value)
		if err != nil {
			return n.Errorf("a day is wanted (2026-12-31), this is %s", n.kind())
		}
		*into = day
		return nil
	}}
}

// Duration takes a duration above zero as Go spells it: 72h.
func Duration(into *time.Duration) Field {
	return Field{read: func(n Node) error {
		d, err := time.ParseDuration(n.yaml.Value)
		if err != nil || d <= 0 {
			return n.Errorf("a duration above zero is wanted (72h), this is %s", n.kind())
		}
		*into = d
		return nil
	}}
}

// List reads each element of a list.
func List(element func(Node) error) Field {
	return Field{read: func(n Node) error {
		if n.yaml.Kind != yaml.SequenceNode {
			return n.Errorf("a list is wanted, this is %s", n.kind())
		}
		var all []error
		for _, child := range n.yaml.Content {
			all = append(all, element(Node{n.file, child}))
		}
		return errors.Join(all...)
	}}
}

// Read reads a value of its own, outside a mapping: an element of a list.
func (f Field) Read(n Node) error { return f.read(n) }

// Fields reads a mapping. All mistakes come back joined.
func (n Node) Fields(fields map[string]Field) error {
	if n.yaml.Kind != yaml.MappingNode {
		return n.Errorf("a mapping is wanted, this is %s", n.kind())
	}
	var all []error
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.yaml.Content); i += 2 {
		key, value := Node{n.file, n.yaml.Content[i]}, Node{n.file, n.yaml.Content[i+1]}
		name := key.yaml.Value
		field, known := fields[name]
		switch {
		case !known:
			all = append(all, key.Errorf("unknown field %q%s", name, nearest(name, fields)))
		case seen[name]:
			all = append(all, key.Errorf("field %q stands here twice", name))
		default:
			all = append(all, field.read(value))
		}
		seen[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if fields[name].required && !seen[name] {
			all = append(all, n.Errorf("field %q is missing", name))
		}
	}
	return errors.Join(all...)
}

// nearest suggests the known field that was probably meant.
func nearest(name string, fields map[string]Field) string {
	best, distance := "", 4
	for _, known := range slices.Sorted(maps.Keys(fields)) {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(known), nil); d < distance {
			best, distance = known, d
		}
	}
	if best == "" {
		return "; known are " + strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
	}
	return "; did you mean \"" + best + "\"?"
}
