package onnx

import (
	"encoding/binary"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Versions written into every model: the oldest that have what is used here,
// so that the oldest runtimes can read it.
const (
	irVersion = 8
	opset     = 13
)

// An ElemType is a TensorProto.DataType.
type ElemType int32

// The element types in use.
const (
	Float ElemType = 1
	Int64 ElemType = 7
)

// A Dim is one dimension of an input or output: a size, or a name that stands
// for any size.
type Dim struct {
	Size int64
	Name string
}

// A Graph collects the nodes, weights, inputs and outputs of a model.
type Graph struct {
	Name string
	body []byte
}

// An Attr is an attribute of a node.
type Attr struct {
	Name  string
	Int   int64
	Float float32
	isF   bool
}

// Int is an integer attribute.
func Int(name string, v int64) Attr { return Attr{Name: name, Int: v} }

// Float32 is a floating point attribute.
func Float32(name string, v float32) Attr { return Attr{Name: name, Float: v, isF: true} }

// Node appends an operation. Nodes must come after those whose outputs they
// use.
func (g *Graph) Node(op string, inputs, outputs []string, attrs ...Attr) {
	var n []byte
	for _, s := range inputs {
		n = str(n, 1, s)
	}
	for _, s := range outputs {
		n = str(n, 2, s)
	}
	n = str(n, 3, op+"_"+outputs[0])
	n = str(n, 4, op)
	for _, a := range attrs {
		b := str(nil, 1, a.Name)
		if a.isF {
			b = protowire.AppendTag(b, 2, protowire.Fixed32Type)
			b = protowire.AppendFixed32(b, math.Float32bits(a.Float))
			b = num(b, 20, 1) // AttributeProto.FLOAT
		} else {
			b = num(b, 3, a.Int)
			b = num(b, 20, 2) // AttributeProto.INT
		}
		n = sub(n, 5, b)
	}
	g.body = sub(g.body, 1, n)
}

// Floats adds a constant of 32-bit floats.
func (g *Graph) Floats(name string, dims []int64, v []float32) {
	raw := make([]byte, 0, 4*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	g.constant(name, Float, dims, raw)
}

// Ints adds a constant of 64-bit integers.
func (g *Graph) Ints(name string, dims []int64, v []int64) {
	raw := make([]byte, 0, 8*len(v))
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
	}
	g.constant(name, Int64, dims, raw)
}

func (g *Graph) constant(name string, t ElemType, dims []int64, raw []byte) {
	var b []byte
	for _, d := range dims {
		b = num(b, 1, d)
	}
	b = num(b, 2, int64(t))
	b = str(b, 8, name)
	g.body = sub(g.body, 5, sub(b, 9, raw))
}

// Input declares an input.
func (g *Graph) Input(name string, t ElemType, dims ...Dim) { g.value(11, name, t, dims) }

// Output declares an output.
func (g *Graph) Output(name string, t ElemType, dims ...Dim) { g.value(12, name, t, dims) }

func (g *Graph) value(field protowire.Number, name string, t ElemType, dims []Dim) {
	var shape []byte
	for _, d := range dims {
		if d.Name != "" {
			shape = sub(shape, 1, str(nil, 2, d.Name))
		} else {
			shape = sub(shape, 1, num(nil, 1, d.Size))
		}
	}
	typ := sub(num(nil, 1, int64(t)), 2, shape)
	g.body = sub(g.body, field, sub(str(nil, 1, name), 2, sub(nil, 1, typ)))
}

// Model returns the bytes of a model file. Metadata is written in the order
// of its keys.
func (g *Graph) Model(producer string, version int64, metadata map[string]string) []byte {
	b := num(nil, 1, irVersion)
	b = str(b, 2, producer)
	b = num(b, 5, version)
	b = sub(b, 7, str(slices.Clone(g.body), 2, g.Name))
	b = sub(b, 8, num(str(nil, 1, ""), 2, opset))
	keys := make([]string, 0, len(metadata))
	for k := range metadata {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		b = sub(b, 14, str(str(nil, 1, k), 2, metadata[k]))
	}
	return b
}

func num(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func str(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func sub(b []byte, field protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), v)
}
