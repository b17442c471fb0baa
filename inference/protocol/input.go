package protocol

import (
	"math"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

type binaryInput struct{ index, size int }

func (r *Infer) input(sig *signature.Signature, c *batch.Call) error {
	var (
		index   = -1
		typ     tensor.Type
		shape   []int64
		hasData = -1 // where data starts
		size    = -1 // of binary data
		buf     [tensor.MaxRank]int64
		shaped  bool
	)
	err := r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "name":
			var name []byte
			if name, err = r.scan.str(); err != nil {
				return err
			}
			if index = sig.Input(name); index < 0 {
				return bad("the model has no input %.100q", name)
			}
		case "datatype":
			var name []byte
			if name, err = r.scan.str(); err != nil {
				return err
			}
			if typ = tensor.ParseType(name); typ == tensor.Invalid {
				return bad("datatype %.40q is not supported", name)
			}
		case "shape":
			if shaped {
				return bad(`the "shape" of an input is given twice`)
			}
			shape, shaped = buf[:0], true
			err = r.scan.array(func() (err error) { shape, err = r.dimension(shape); return err })
		case "parameters":
			size, err = r.inputParameters()
		case "data":
			if hasData >= 0 {
				return bad(`the "data" of an input is given twice`)
			}
			r.scan.peek()
			hasData = r.scan.i
			err = r.scan.skip(2)
		default:
			err = r.scan.skip(2)
		}
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case index < 0:
		return bad("an input has no name")
	case r.seen[index]:
		return bad("input %q is given twice", sig.Inputs[index].Name)
	case !shaped:
		return bad("input %q has no shape", sig.Inputs[index].Name)
	case typ == tensor.Invalid:
		return bad("input %q has no datatype", sig.Inputs[index].Name)
	case typ != sig.Inputs[index].Type:
		return bad("input %q has datatype %s, the model wants %s", sig.Inputs[index].Name, typ, sig.Inputs[index].Type)
	case (hasData < 0) == (size < 0):
		return bad("input %q must have either data or binary_data_size", sig.Inputs[index].Name)
	}
	r.seen[index] = true
	in := &c.Inputs[index]
	in.Shape = append(in.Shape[:0], shape...)
	want, err := tensor.Bytes(typ, shape)
	if err != nil {
		return bad("input %q: %v", sig.Inputs[index].Name, err)
	}
	if size >= 0 {
		if size != want {
			return bad("input %q: shape %v of %s takes %d bytes, binary_data_size is %d", sig.Inputs[index].Name, shape, typ, want, size)
		}
		r.binary = append(r.binary, binaryInput{index, size})
		return nil
	}
	after := r.scan.i
	r.scan.i = hasData
	at := len(c.Scratch)
	d := data{scan: &r.scan, typ: typ, shape: shape, out: c.Scratch}
	if err := d.read(want / typ.Size()); err != nil {
		return bad("input %q: %v", sig.Inputs[index].Name, err)
	}
	c.Scratch = d.out
	in.Data = d.out[at:]
	r.scan.i = after
	return nil
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
