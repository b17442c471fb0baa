package tensor

import "fmt"

// Type is the type of an element.
type Type uint8

// The element types of the Open Inference Protocol that have a fixed size.
// BYTES has none and BF16 cannot be written by most clients; models that want
// either are refused when they are loaded.
const (
	Invalid Type = iota
	Bool
	Uint8
	Uint16
	Uint32
	Uint64
	Int8
	Int16
	Int32
	Int64
	FP16
	FP32
	FP64
)

var types = [...]struct {
	name string
	size int
}{
	Invalid: {"INVALID", 0},
	Bool:    {"BOOL", 1},
	Uint8:   {"UINT8", 1},
	Uint16:  {"UINT16", 2},
	Uint32:  {"UINT32", 4},
	Uint64:  {"UINT64", 8},
	Int8:    {"INT8", 1},
	Int16:   {"INT16", 2},
	Int32:   {"INT32", 4},
	Int64:   {"INT64", 8},
	FP16:    {"FP16", 2},
	FP32:    {"FP32", 4},
	FP64:    {"FP64", 8},
}

// String is the protocol's name of the type.
func (t Type) String() string {
	if int(t) >= len(types) {
		return fmt.Sprintf("Type(%d)", uint8(t))
	}
	return types[t].name
}

// Size is the number of bytes of one element.
func (t Type) Size() int { return types[t].size }

// ParseType finds the type with a name of the protocol, and Invalid for any
// other name.
func ParseType[S string | []byte](name S) Type {
	for t := Bool; int(t) < len(types); t++ {
		if types[t].name == string(name) {
			return t
		}
	}
	return Invalid
}
