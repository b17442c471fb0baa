package foreign

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "record what the server answers now")

// tolerance is how far a probability may be from the recorded one: processors
// add up in different orders.
const tolerance = 1e-4

// same compares JSON values. Strings may also be base64 of little-endian
// floats, which is what gRPC's raw contents come as.
func same(a, b any) bool {
	switch a := a.(type) {
	case object:
		b, ok := b.(object)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	case float64:
		b, ok := b.(float64)
		return ok && math.Abs(a-b) <= tolerance
	case string:
		b, ok := b.(string)
		return ok && (a == b || sameFloats(a, b))
	}
	return reflect.DeepEqual(a, b)
}

func sameFloats(a, b string) bool {
	x, err := base64.StdEncoding.DecodeString(a)
	y, err2 := base64.StdEncoding.DecodeString(b)
	if err != nil || err2 != nil || len(x) != len(y) || len(x)%4 != 0 {
		return false
	}
	for ; len(x) > 0; x, y = x[4:], y[4:] {
		f, g := math.Float32frombits(binary.LittleEndian.Uint32(x)), math.Float32frombits(binary.LittleEndian.Uint32(y))
		if !(math.Abs(float64(f-g)) <= tolerance) {
			return false
		}
	}
	return true
}

// value parses JSON; what is none stays text.
func value(b []byte) any {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return string(b)
	}
	return v
}

// load reads recorded exchanges.
func load[T any](t *testing.T, file string) (all []T) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return all
}

// store writes them back, each on a line of its own.
func store[T any](t *testing.T, file string, all []T) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	b.WriteString("[")
	for i, one := range all {
		b.WriteString(map[bool]string{true: "\n", false: ",\n"}[i == 0])
		if err := e.Encode(one); err != nil {
			t.Fatal(err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteString("\n]\n")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
