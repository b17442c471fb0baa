package protocol

import (
	"bytes"
	"math"
	"time"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// An Infer is what an inference request says besides its tensors. It may be
// used again for the next request.
type Infer struct {
	ID []byte
	// Outputs are those asked for, in that order.
	Outputs []Wanted
	// Timeout is how long the client will wait; 0 if it did not say.
	Timeout time.Duration
	// Priority as the client gave it, and whether it did.
	Priority    batch.Priority
	HasPriority bool

	scan   scanner
	seen   []bool // by input
	binary []binaryInput
	all    bool // outputs are binary unless they say otherwise
	last   again
}

// Wanted is an output that was asked for.
type Wanted struct {
	Index  int
	Binary bool

	unsaid bool // the request decides the form
}

type binaryInput struct{ index, size int }

// Decode reads a request body into the call's inputs. The first header bytes
// are JSON, the rest is binary tensor data; a negative header means all JSON.
// The inputs may point into body. Errors are for the client.
func (r *Infer) Decode(body []byte, header int, sig *signature.Signature, c *batch.Call) error {
	if header < 0 {
		header = len(body)
	}
	if header > len(body) {
		return bad("the JSON should be %d bytes long, but the body has only %d", header, len(body))
	}
	c.Scratch = c.Scratch[:0]
	if r.isAgain(body[:header], sig, c) {
		return r.takeBinary(body[header:], sig, c)
	}
	if !utf8.Valid(body[:header]) {
		return bad("the JSON is not UTF-8")
	}
	r.reset(body[:header], sig)
	hasID, hasInputs, hasOutputs := false, false, false
	err := r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "id":
			if hasID {
				return bad(`"id" is given twice`)
			}
			hasID = true
			var id []byte
			if id, err = r.scan.str(); err != nil {
				return err
			}
			err = setID(r, id)
		case "parameters":
			err = r.parameters()
		case "inputs":
			if hasInputs {
				return bad(`"inputs" is given twice`)
			}
			hasInputs = true
			err = r.scan.array(func() error { return r.input(sig, c) })
		case "outputs":
			if hasOutputs {
				return bad(`"outputs" is given twice`)
			}
			hasOutputs = true
			err = r.scan.array(func() error { return r.output(sig) })
		default:
			err = r.scan.skip(1)
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := r.scan.end(); err != nil {
		return err
	}
	if err := r.takeBinary(body[header:], sig, c); err != nil {
		return err
	}
	for i, seen := range r.seen {
		if !seen {
			return bad("input %q is missing", sig.Inputs[i].Name)
		}
	}
	r.completeOutputs(sig)
	r.remember(body[:header], sig, c)
	return nil
}

// maxID bounds the id of a request, which comes back in the answer.
const maxID = 4 << 10

func setID[S string | []byte](r *Infer, id S) error {
	if len(id) > maxID {
		return bad("the id is longer than %d bytes", maxID)
	}
	r.ID = append(r.ID[:0], id...)
	return nil
}

// Forget lets go of a request's bytes, and of memory that only an unusual one
// needed.
func (r *Infer) Forget() {
	const keep = 16 << 10
	r.scan.b = nil
	if cap(r.scan.text) > keep {
		r.scan.text = nil
	}
	if cap(r.binary) > keep/16 {
		r.binary, r.last.sig = nil, nil
	}
}

func (r *Infer) reset(json []byte, sig *signature.Signature) {
	r.ID, r.Outputs, r.binary = r.ID[:0], r.Outputs[:0], r.binary[:0]
	r.Timeout, r.Priority, r.HasPriority, r.all = 0, batch.Normal, false, false
	r.scan.b, r.scan.i = json, 0
	r.last.sig = nil // what it is part of is about to be overwritten
	r.seen = r.seen[:0]
	for range sig.Inputs {
		r.seen = append(r.seen, false)
	}
}

// completeOutputs asks for all outputs if none was named, and settles the form
// of those that left it open.
func (r *Infer) completeOutputs(sig *signature.Signature) {
	if len(r.Outputs) == 0 {
		for i := range sig.Outputs {
			r.Outputs = append(r.Outputs, Wanted{Index: i, unsaid: true})
		}
	}
	for i := range r.Outputs {
		if w := &r.Outputs[i]; w.unsaid {
			w.Binary = r.all
		}
	}
}

// parameters reads the request's own parameters.
func (r *Infer) parameters() error {
	return r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "binary_data_output":
			r.all, err = r.scan.boolean()
		case "timeout": // microseconds, as in Triton
			var us uint64
			if us, err = r.unsigned(math.MaxInt64 / 1000); err == nil {
				r.Timeout = time.Duration(us) * time.Microsecond
			}
		case "priority":
			var p uint64
			if p, err = r.unsigned(math.MaxUint32); err == nil {
				r.SetPriority(p)
			}
		default:
			err = r.scan.skip(2)
		}
		return err
	})
}

// SetPriority takes a priority as Triton numbers them: 1 is the highest, 0 the
// default, greater numbers are lower.
func (r *Infer) SetPriority(p uint64) {
	r.HasPriority = p != 0
	r.Priority = batch.Normal
	switch {
	case p == 1:
		r.Priority = batch.High
	case p > 2:
		r.Priority = batch.Low
	}
}

func (r *Infer) unsigned(limit uint64) (uint64, error) {
	text, integer, err := r.scan.number()
	if err != nil {
		return 0, err
	}
	n, ok := parseUint(text)
	if !integer || !ok || n > limit {
		return 0, bad("want an integer from 0 to %d, got %.40s", limit, text)
	}
	return n, nil
}

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

func (r *Infer) output(sig *signature.Signature) error {
	index := -1
	w := Wanted{unsaid: true}
	err := r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "name":
			var name []byte
			if name, err = r.scan.str(); err != nil {
				return err
			}
			if index = sig.Output(name); index < 0 {
				return bad("the model has no output %.100q", name)
			}
		case "parameters":
			err = r.outputParameters(&w)
		default:
			err = r.scan.skip(2)
		}
		return err
	})
	if err != nil {
		return err
	}
	if index < 0 {
		return bad("an output has no name")
	}
	for _, w := range r.Outputs {
		if w.Index == index {
			return bad("output %q is asked for twice", sig.Outputs[index].Name)
		}
	}
	w.Index = index
	r.Outputs = append(r.Outputs, w)
	return nil
}

func (r *Infer) outputParameters(w *Wanted) error {
	return r.scan.object(func(key []byte) (err error) {
		switch string(key) {
		case "binary_data":
			w.unsaid = false
			w.Binary, err = r.scan.boolean()
			return err
		case "classification":
			return bad("the classification extension is not supported")
		}
		return r.scan.skip(3)
	})
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

// Text reads the body of POST /predict: {"text": …}.
func (r *Infer) Text(body []byte) (string, error) {
	if !utf8.Valid(body) {
		return "", bad("the JSON is not UTF-8")
	}
	r.scan.b, r.scan.i = body, 0
	var text string
	found := false
	err := r.scan.object(func(key []byte) error {
		if !bytes.Equal(key, []byte("text")) {
			return r.scan.skip(1)
		}
		s, err := r.scan.str()
		text, found = string(s), true
		return err
	})
	if err != nil {
		return "", err
	}
	if err := r.scan.end(); err != nil {
		return "", err
	}
	if !found {
		return "", bad(`want an object with the string "text"`)
	}
	return text, nil
}
