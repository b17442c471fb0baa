package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A structField is what a json tag says of one field.
type structField struct {
	name      string
	index     []int // way to it through embedded structs
	encode    encoder
	kind      reflect.Kind
	omitEmpty bool
	isZero    func(reflect.Value) bool // of omitzero; nil without it
}

// leftOut reports what encoding/json decides before it looks into a value.
func (f *structField) leftOut(v reflect.Value) bool {
	if f.omitEmpty {
		switch f.kind {
		case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
			if v.Len() == 0 {
				return true
			}
		case reflect.Bool, reflect.Interface, reflect.Pointer,
			reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
			reflect.Float32, reflect.Float64:
			if v.IsZero() {
				return true
			}
		}
	}
	return f.isZero != nil && f.isZero(v)
}

// isNoise reports what encoding/json writes only because it must: a struct whose
// tag says omitempty, which omitempty cannot do for structs, when nothing is in
// it. A required struct (podSelector of a NetworkPolicy) and a pointer (emptyDir)
// have no such tag or kind, and their {} stays.
func (f *structField) isNoise(n Node) bool {
	return f.kind == reflect.Struct && f.omitEmpty && n.typ == MapType && len(n.kids) == 0
}

// structFields lists the fields of t and of the structs embedded in it.
func structFields(t reflect.Type, way []int) ([]structField, error) {
	var fields []structField
	for i := range t.NumField() {
		sf := t.Field(i)
		tag := sf.Tag.Get("json")
		if tag == "-" {
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		index := append(way[:len(way):len(way)], i)
		if sf.Anonymous && name == "" {
			if sf.Type.Kind() != reflect.Struct {
				return nil, errAmbiguous
			}
			inner, err := structFields(sf.Type, index)
			if err != nil {
				return nil, err
			}
			fields = append(fields, inner...)
			continue
		}
		if !sf.IsExported() {
			continue
		}
		f := structField{name: name, index: index, kind: sf.Type.Kind()}
		if f.name == "" {
			f.name = sf.Name
		}
		// encoding/json ignores a name with odd characters: it shall decide itself.
		if strings.ContainsFunc(f.name, func(r rune) bool { return r == '"' || r == '\\' || r > 0x7e || r <= ' ' }) {
			return nil, errAmbiguous
		}
		for option := range strings.SplitSeq(options, ",") {
			switch option {
			case "omitempty":
				f.omitEmpty = true
			case "omitzero":
				f.isZero = zeroTest(sf.Type)
			case "string":
				return nil, errAmbiguous
			}
		}
		f.encode = encoderOf(sf.Type)
		fields = append(fields, f)
	}
	return fields, nil
}

type zeroer interface{ IsZero() bool }

// zeroTest is how omitzero decides: by the type's own IsZero where it has one.
func zeroTest(t reflect.Type) func(reflect.Value) bool {
	isZeroer := reflect.TypeFor[zeroer]()
	switch {
	case t.Kind() == reflect.Pointer && t.Implements(isZeroer):
		return func(v reflect.Value) bool { return v.IsNil() || v.Interface().(zeroer).IsZero() }
	case t.Kind() == reflect.Interface:
		return func(v reflect.Value) bool {
			if v.IsNil() {
				return true
			}
			z, ok := v.Interface().(zeroer)
			return ok && z.IsZero()
		}
	case t.Implements(isZeroer):
		return func(v reflect.Value) bool { return v.Interface().(zeroer).IsZero() }
	case reflect.PointerTo(t).Implements(isZeroer):
		return func(v reflect.Value) bool {
			if !v.CanAddr() {
				addressable := reflect.New(v.Type()).Elem()
				addressable.Set(v)
				v = addressable
			}
			return v.Addr().Interface().(zeroer).IsZero()
		}
	}
	return reflect.Value.IsZero
}

// errAmbiguous says that a struct needs encoding/json's own rules on which of its
// fields are visible.
var errAmbiguous = errors.New("a struct whose fields only encoding/json can sort out")

func structEncoder(t reflect.Type) encoder {
	fields, err := structFields(t, nil)
	if err != nil {
		return encodeAsJSON
	}
	slices.SortFunc(fields, func(a, b structField) int { return CompareKeys(a.name, b.name) })
	for i := 1; i < len(fields); i++ {
		if fields[i].name == fields[i-1].name {
			return encodeAsJSON
		}
	}
	return func(w *walker, v reflect.Value) (Node, error) {
		start := len(w.stack)
		for i := range fields {
			f := &fields[i]
			value := v
			for _, index := range f.index {
				value = value.Field(index)
			}
			if f.leftOut(value) {
				continue
			}
			node, err := f.encode(w, value)
			if err != nil {
				return Node{}, fmt.Errorf("%s: %w", f.name, err)
			}
			if f.isNoise(node) {
				continue
			}
			w.stack = append(w.stack, Field{f.name, node})
		}
		return Node{typ: MapType, kids: w.close(start)}, nil
	}
}
