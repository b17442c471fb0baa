package protocol

import (
	"math"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

type binaryInput struct{ index, size int }

// declared is what a request says of one input.
type declared struct {
	index  int // of the model's inputs, -1 while it has no name
	typ    tensor.Type
	shape  []int64 // in buf, once it is shaped
	shaped bool
	data   int // where its data start, -1 without any
	size   int // of its binary data, -1 without any
	buf    [tensor.MaxRank]int64
}

func (r *Infer) input(sig *signature.Signature, c *batch.Call) error {
	d := &r.current
	*d = declared{index: -1, data: -1, size: -1}
	if err := r.scan.object(func(key []byte) error { return r.declare(d, key, sig) }); err != nil {
		return err
	}
	if err := r.vet(d, sig); err != nil {
		return err
	}
	r.seen[d.index] = true
	in, name := &c.Inputs[d.index], sig.Inputs[d.index].Name
	in.Shape = append(in.Shape[:0], d.shape...)
	want, err := tensor.Bytes(d.typ, d.shape)
	switch {
	case err != nil:
		return bad("input %q: %v", name, err)
	case d.size < 0:
		if in.Data, err = r.inline(d, want/d.typ.Size(), c); err != nil {
			return bad("input %q: %v", name, err)
		}
	case d.size != want:
		return bad("input %q: shape %v of %s takes %d bytes, binary_data_size is %d", name, d.shape, d.typ, want, d.size)
	default:
		r.binary = append(r.binary, binaryInput{d.index, d.size})
	}
	return nil
}

// declare takes down one field of an input. The data are passed over: type and
// shape may come after them.
func (r *Infer) declare(d *declared, key []byte, sig *signature.Signature) (err error) {
	switch string(key) {
	case "name":
		var name []byte
		if name, err = r.scan.str(); err != nil {
			return err
		}
		if d.index = sig.Input(name); d.index < 0 {
			return bad("the model has no input %.100q", name)
		}
	case "datatype":
		var name []byte
		if name, err = r.scan.str(); err != nil {
			return err
		}
		if d.typ = tensor.ParseType(name); d.typ == tensor.Invalid {
			return bad("datatype %.40q is not supported", name)
		}
	case "shape":
		if d.shaped {
			return bad(`the "shape" of an input is given twice`)
		}
		d.shape, d.shaped = d.buf[:0], true
		err = r.scan.array(func() (err error) { d.shape, err = r.dimension(d.shape); return err })
	case "parameters":
		d.size, err = r.inputParameters()
	case "data":
		if d.data >= 0 {
			return bad(`the "data" of an input is given twice`)
		}
		r.scan.peek()
		d.data = r.scan.i
		err = r.scan.skip(2)
	default:
		err = r.scan.skip(2)
	}
	return err
}

// vet asks whether everything that an input needs was said, once.
func (r *Infer) vet(d *declared, sig *signature.Signature) error {
	if d.index < 0 {
		return bad("an input has no name")
	}
	spec := &sig.Inputs[d.index]
	switch {
	case r.seen[d.index]:
		return bad("input %q is given twice", spec.Name)
	case !d.shaped:
		return bad("input %q has no shape", spec.Name)
	case d.typ == tensor.Invalid:
		return bad("input %q has no datatype", spec.Name)
	case d.typ != spec.Type:
		return bad("input %q has datatype %s, the model wants %s", spec.Name, d.typ, spec.Type)
	case (d.data < 0) == (d.size < 0):
		return bad("input %q must have either data or binary_data_size", spec.Name)
	}
	return nil
}

// inline reads the data that stand in the JSON, now that their type is known.
func (r *Infer) inline(d *declared, elements int, c *batch.Call) ([]byte, error) {
	after, at := r.scan.i, len(c.Scratch)
	r.scan.i = d.data
	values := data{scan: &r.scan, typ: d.typ, shape: d.shape, out: c.Scratch}
	if err := values.read(elements); err != nil {
		return nil, err
	}
	c.Scratch, r.scan.i = values.out, after
	return c.Scratch[at:], nil
}

func (r *Infer) dimension(shape []int64) ([]int64, error) {
	text, integer, err := r.scan.number()
	if err != nil {
		return nil, err
	}
	if len(shape) == tensor.MaxRank {
		return nil, bad("a shape has more than %d dimensions", tensor.MaxRank)
	}
	n, ok := parseUint(text)
	if !integer || !ok || n > math.MaxInt64 {
		return nil, bad("a dimension must be an integer of 0 or more, got %.40s", text)
	}
	return append(shape, int64(n)), nil
}

func (r *Infer) inputParameters() (size int, err error) {
	size = -1
	err = r.scan.object(func(key []byte) error {
		if string(key) != "binary_data_size" {
			return r.scan.skip(3)
		}
		n, err := r.unsigned(math.MaxInt32)
		size = int(n)
		return err
	})
	return size, err
}

// takeBinary deals out the bytes after the JSON, in the order of the inputs.
func (r *Infer) takeBinary(tail []byte, sig *signature.Signature, c *batch.Call) error {
	for _, b := range r.binary {
		if b.size > len(tail) {
			return bad("input %q: the binary data end early: want %d bytes, %d are left", sig.Inputs[b.index].Name, b.size, len(tail))
		}
		c.Inputs[b.index].Data, tail = tail[:b.size:b.size], tail[b.size:]
	}
	if len(tail) > 0 {
		return bad("%d bytes follow the last binary input", len(tail))
	}
	return nil
}
