package manifest

import (
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"sync"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// From is the tree of a typed object: a Kubernetes type with its TypeMeta filled
// in, or any struct or map with json tags. v is best a pointer. It fails on what
// encoding/json fails on, on strings that are not UTF-8, and on an object without
// apiVersion, kind or name. v is only read, and may be read elsewhere meanwhile.
func From(v any) (Object, error) {
	root, err := Tree(v)
	if err != nil {
		return Object{}, fmt.Errorf("converting %T: %w", v, err)
	}
	return NewObject(root)
}

// Tree is the tree of any value, as From makes it, which need not be an object.
func Tree(v any) (Node, error) {
	rv := reflect.ValueOf(v)
	if !rv.IsValid() {
		return Null(), nil
	}
	w := walkers.Get().(*walker)
	defer walkers.Put(w)
	w.stack = w.stack[:0]
	root, err := encoderOf(rv.Type())(w, rv)
	if err != nil {
		return Node{}, err
	}
	return withoutEmptyStatus(root, rv), nil
}

// withoutEmptyStatus drops the status that Kubernetes' types always carry and
// that only a controller ever fills, when nothing in it was set.
func withoutEmptyStatus(root Node, v reflect.Value) Node {
	if !root.Get("status").Exists() {
		return root
	}
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return root
	}
	if status := v.FieldByName("Status"); status.IsValid() && status.IsZero() {
		return root.Without("status")
	}
	return root
}

// A walker is the scratch space of one conversion.
type walker struct {
	stack []Field // entries of the maps and lists that are still open
	slab  []Field // where finished entries are cut from, a page at a time
}

// walkers and encoders are caches only: what they hold never shows in a result.
var (
	walkers  = sync.Pool{New: func() any { return &walker{stack: make([]Field, 0, 64)} }}
	encoders sync.Map // reflect.Type → encoder
)

const slabFields = 96

// close moves the entries above start from the stack to where they stay.
func (w *walker) close(start int) []Field {
	n := len(w.stack) - start
	if n == 0 {
		return nil
	}
	var kids []Field
	if n > slabFields/4 {
		kids = make([]Field, n)
	} else {
		if len(w.slab) < n {
			w.slab = make([]Field, slabFields)
		}
		kids, w.slab = w.slab[:n:n], w.slab[n:]
	}
	copy(kids, w.stack[start:])
	clear(w.stack[start:])
	w.stack = w.stack[:start]
	return kids
}

// An encoder turns one value of the type it was made for into its tree.
type encoder func(*walker, reflect.Value) (Node, error)

func encoderOf(t reflect.Type) encoder {
	if e, ok := encoders.Load(t); ok {
		return e.(encoder)
	}
	// A recursive type meets itself while its encoder is being made: it gets a
	// stand-in that waits for the real one.
	var (
		ready sync.WaitGroup
		e     encoder
	)
	ready.Add(1)
	standIn, loaded := encoders.LoadOrStore(t, encoder(func(w *walker, v reflect.Value) (Node, error) {
		ready.Wait()
		return e(w, v)
	}))
	if loaded {
		return standIn.(encoder)
	}
	e = newEncoder(t)
	ready.Done()
	encoders.Store(t, e)
	return e
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

func newEncoder(t reflect.Type) encoder {
	switch t {
	case reflect.TypeFor[resource.Quantity]():
		return encodeQuantity
	case reflect.TypeFor[intstr.IntOrString]():
		return encodeIntOrString
	case reflect.TypeFor[corev1.ResourceList]():
		return encodeResourceList
	case reflect.TypeFor[map[string]string]():
		return encodeStringMap
	}
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface && marshalsItself(t) {
		return encodeAsJSON
	}
	switch t.Kind() {
	case reflect.Bool:
		return func(_ *walker, v reflect.Value) (Node, error) { return Bool(v.Bool()), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(_ *walker, v reflect.Value) (Node, error) { return Int(v.Int()), nil }
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return func(_ *walker, v reflect.Value) (Node, error) {
			return Node{typ: NumberType, text: strconv.FormatUint(v.Uint(), 10)}, nil
		}
	case reflect.String:
		if t == reflect.TypeFor[json.Number]() {
			return encodeAsJSON
		}
		return func(_ *walker, v reflect.Value) (Node, error) { return checkedString(v.String()) }
	case reflect.Pointer, reflect.Interface:
		return pointerEncoder(t)
	case reflect.Slice, reflect.Array:
		return listEncoder(t)
	case reflect.Map:
		return mapEncoder(t)
	case reflect.Struct:
		return structEncoder(t)
	}
	return encodeAsJSON // floats; and what encoding/json refuses, it shall refuse itself
}

func pointerEncoder(t reflect.Type) encoder {
	if t.Kind() == reflect.Interface {
		return func(w *walker, v reflect.Value) (Node, error) {
			if v.IsNil() {
				return Null(), nil
			}
			return encoderOf(v.Elem().Type())(w, v.Elem())
		}
	}
	elem := encoderOf(t.Elem())
	return func(w *walker, v reflect.Value) (Node, error) {
		if v.IsNil() {
			return Null(), nil
		}
		return elem(w, v.Elem())
	}
}

func listEncoder(t reflect.Type) encoder {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8 && !marshalsItself(t.Elem()) {
		return func(_ *walker, v reflect.Value) (Node, error) {
			if v.IsNil() {
				return Null(), nil
			}
			return String(base64.StdEncoding.EncodeToString(v.Bytes())), nil
		}
	}
	elem := encoderOf(t.Elem())
	return func(w *walker, v reflect.Value) (Node, error) {
		if v.Kind() == reflect.Slice && v.IsNil() {
			return Null(), nil
		}
		start := len(w.stack)
		for i := range v.Len() {
			item, err := elem(w, v.Index(i))
			if err != nil {
				return Node{}, fmt.Errorf("[%d]: %w", i, err)
			}
			w.stack = append(w.stack, Field{Value: item})
		}
		return Node{typ: ListType, kids: w.close(start)}, nil
	}
}

func mapEncoder(t reflect.Type) encoder {
	// Only plain string keys are ours; keys of other kinds are encoding/json's.
	if t.Key().Kind() != reflect.String || t.Key().Implements(textMarshaler) {
		return encodeAsJSON
	}
	elem := encoderOf(t.Elem())
	return func(w *walker, v reflect.Value) (Node, error) {
		if v.IsNil() {
			return Null(), nil
		}
		start := len(w.stack)
		for entries := v.MapRange(); entries.Next(); {
			key := entries.Key().String()
			if !utf8.ValidString(key) {
				return Node{}, fmt.Errorf("the key %q is not valid UTF-8", key)
			}
			value, err := elem(w, entries.Value())
			if err != nil {
				return Node{}, fmt.Errorf("%s: %w", key, err)
			}
			w.stack = append(w.stack, Field{key, value})
		}
		sortFields(w.stack[start:])
		return Node{typ: MapType, kids: w.close(start)}, nil
	}
}
