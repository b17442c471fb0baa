package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"unicode/utf8"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func marshalsItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(jsonMarshaler) || p.Implements(textMarshaler)
}

func checkedString(s string) (Node, error) {
	if !utf8.ValidString(s) {
		return Node{}, fmt.Errorf("%q is not valid UTF-8", s)
	}
	return String(s), nil
}

// encodeAsJSON lets encoding/json have its way with a type that is rare or has
// its own method, and reads the result.
func encodeAsJSON(_ *walker, v reflect.Value) (Node, error) {
	if v.CanAddr() {
		v = v.Addr() // so that methods on the pointer are found, as encoding/json does
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v.Interface()); err != nil {
		return Node{}, err
	}
	return ParseJSON(b.Bytes())
}

func encodeQuantity(_ *walker, v reflect.Value) (Node, error) {
	var q resource.Quantity
	if v.CanAddr() {
		q = *v.Addr().Interface().(*resource.Quantity)
	} else {
		q = v.Interface().(resource.Quantity)
	}
	return String(q.String()), nil // String caches in q, which is our copy
}

func encodeIntOrString(_ *walker, v reflect.Value) (Node, error) {
	x := v.Interface().(intstr.IntOrString)
	if x.Type == intstr.Int {
		return Int(int64(x.IntVal)), nil
	}
	return checkedString(x.StrVal)
}

func encodeResourceList(w *walker, v reflect.Value) (Node, error) {
	if v.IsNil() {
		return Null(), nil
	}
	start := len(w.stack)
	for name, q := range v.Interface().(corev1.ResourceList) {
		if !utf8.ValidString(string(name)) {
			return Node{}, fmt.Errorf("the key %q is not valid UTF-8", name)
		}
		w.stack = append(w.stack, Field{string(name), String(q.String())})
	}
	sortFields(w.stack[start:])
	return Node{typ: MapType, kids: w.close(start)}, nil
}

func encodeStringMap(w *walker, v reflect.Value) (Node, error) {
	if v.IsNil() {
		return Null(), nil
	}
	start := len(w.stack)
	for key, s := range v.Interface().(map[string]string) {
		if !utf8.ValidString(key) {
			return Node{}, fmt.Errorf("the key %q is not valid UTF-8", key)
		}
		value, err := checkedString(s)
		if err != nil {
			return Node{}, fmt.Errorf("%s: %w", key, err)
		}
		w.stack = append(w.stack, Field{key, value})
	}
	sortFields(w.stack[start:])
	return Node{typ: MapType, kids: w.close(start)}, nil
}
