// Package input holds one input file as a tree in which every value knows its
// place. It takes bytes that nobody has looked at yet, and gives the tree, or
// findings that say what is wrong with the file.
//
// Tenants write these files, so every one is hostile until it is read: package
// input refuses what YAML allows and a reviewer does not expect (aliases, tags,
// merge keys, duplicate keys, several documents) and what costs time without
// saying anything (huge or deeply nested files). What the values mean is
// decided by the CUE schemas, after it.
package input

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Kind is the type of a value.
type Kind uint8

// The kinds of values.
const (
	Null Kind = iota
	Bool
	Int
	Float
	String
	List
	Map
)

// String names the kind as an ML engineer would.
func (k Kind) String() string {
	return [...]string{"null", "a boolean", "a whole number", "a number", "a string", "a list", "a map"}[k]
}

// Value is a value of an input file with its place. Values are never changed
// once they are made, so that trees may share them.
type Value struct {
	fleet.Position
	Kind   Kind
	Text   string  // Bool, Int, Float: as JSON writes it; String: the string
	Source string  // as the file writes it, where Text is something else: 0x10, 1e64
	Items  []Value // List
	Fields []Field // Map, in the file's order
}

// Field is a field of a map.
type Field struct {
	fleet.Position // of the name
	Name           string
	Value          *Value
}

// Written is a scalar as the file writes it.
func (v *Value) Written() string { return cmp.Or(v.Source, v.Text) }

// Get returns the value of a field, or nil.
func (v *Value) Get(name string) *Value {
	if f := v.Field(name); f != nil {
		return f.Value
	}
	return nil
}

// Field returns a field, or nil.
func (v *Value) Field(name string) *Field {
	if v == nil {
		return nil
	}
	for i := range v.Fields {
		if v.Fields[i].Name == name {
			return &v.Fields[i]
		}
	}
	return nil
}

// At follows a path of field names and list indices. It returns the value
// there, or nil.
func (v *Value) At(path ...string) *Value {
	for _, part := range path {
		if v == nil {
			return nil
		}
		v = v.child(part)
	}
	return v
}

// Nearest follows a path as far as it leads, and returns the last value on it.
func (v *Value) Nearest(path ...string) *Value {
	for _, part := range path {
		next := v.child(part)
		if next == nil {
			return v
		}
		v = next
	}
	return v
}

// Place is where a person mends the value at a path: at the name of a field
// that is there, or else where the nearest enclosing value begins.
func (v *Value) Place(path ...string) fleet.Position {
	at := v.Position
	for _, part := range path {
		if f := v.Field(part); f != nil {
			at = f.Position
		}
		next := v.child(part)
		if next == nil {
			return at
		}
		if v.Kind == List {
			at = next.Position
		}
		v = next
	}
	return at
}

func (v *Value) child(part string) *Value {
	if v.Kind != List {
		return v.Get(part)
	}
	i, err := strconv.Atoi(part)
	if err != nil || i < 0 || i >= len(v.Items) {
		return nil
	}
	return &v.Items[i]
}

// Without returns the map less some of its fields.
func (v *Value) Without(names ...string) *Value {
	out := *v
	out.Fields = nil
fields:
	for _, f := range v.Fields {
		for _, name := range names {
			if f.Name == name {
				continue fields
			}
		}
		out.Fields = append(out.Fields, f)
	}
	return &out
}

// Merge lays over on top of v: maps field by field, anything else as a whole.
// Every value of the result keeps its own place.
func (v *Value) Merge(over *Value) *Value {
	if over == nil {
		return v
	}
	if v == nil || v.Kind != Map || over.Kind != Map {
		return over
	}
	out := &Value{Position: over.Position, Kind: Map, Fields: make([]Field, len(v.Fields), len(v.Fields)+len(over.Fields))}
	copy(out.Fields, v.Fields)
	for _, f := range over.Fields {
		if old := out.Field(f.Name); old != nil {
			*old = Field{Position: f.Position, Name: f.Name, Value: old.Value.Merge(f.Value)}
		} else {
			out.Fields = append(out.Fields, f)
		}
	}
	return out
}

// Any returns the value as Go's plain types: map[string]any, []any, string,
// int64, float64, bool and nil.
func (v *Value) Any() any {
	switch v.Kind {
	case Map:
		m := make(map[string]any, len(v.Fields))
		for _, f := range v.Fields {
			m[f.Name] = f.Value.Any()
		}
		return m
	case List:
		l := make([]any, len(v.Items))
		for i := range v.Items {
			l[i] = v.Items[i].Any()
		}
		return l
	case String:
		return v.Text
	case Bool:
		return v.Text == "true"
	case Int:
		n, _ := strconv.ParseInt(v.Text, 10, 64) // Parse let no other text through
		return n
	case Float:
		f, _ := strconv.ParseFloat(v.Text, 64)
		return f
	default:
		return nil
	}
}

// Decode stores the value in a Go value, as encoding/json would.
func (v *Value) Decode(into any) error {
	if err := json.Unmarshal(v.AppendJSON(nil), into); err != nil {
		return fmt.Errorf("%s: %w", v.Position, err)
	}
	return nil
}

// AppendJSON appends the value as JSON.
func (v *Value) AppendJSON(dst []byte) []byte {
	switch v.Kind {
	case Map:
		dst = append(dst, '{')
		for i, f := range v.Fields {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendString(dst, f.Name)
			dst = append(dst, ':')
			dst = f.Value.AppendJSON(dst)
		}
		return append(dst, '}')
	case List:
		dst = append(dst, '[')
		for i := range v.Items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = v.Items[i].AppendJSON(dst)
		}
		return append(dst, ']')
	case String:
		return appendString(dst, v.Text)
	case Null:
		return append(dst, "null"...)
	default:
		return append(dst, v.Text...)
	}
}

func appendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f || s[i] == '"' || s[i] == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
