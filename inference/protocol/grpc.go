package protocol

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// DecodeGRPC reads a gRPC request into the call's inputs, which may point into
// the message.
func (r *Infer) DecodeGRPC(m *ModelInferRequest, sig *signature.Signature, c *batch.Call) error {
	r.reset(nil, sig)
	c.Scratch = c.Scratch[:0]
	if err := setID(r, m.Id); err != nil {
		return err
	}
	if err := r.grpcParameters(m.Parameters); err != nil {
		return err
	}
	raw := len(m.RawInputContents) > 0
	if raw && len(m.RawInputContents) != len(m.Inputs) {
		return bad("%d inputs, but %d raw_input_contents", len(m.Inputs), len(m.RawInputContents))
	}
	for i, in := range m.Inputs {
		var data []byte
		if raw {
			if data = m.RawInputContents[i]; data == nil {
				data = []byte{}
			}
		}
		if err := r.grpcInput(in, data, sig, c); err != nil {
			return err
		}
	}
	for i, seen := range r.seen {
		if !seen {
			return bad("input %q is missing", sig.Inputs[i].Name)
		}
	}
	for _, o := range m.Outputs {
		index := sig.Output([]byte(o.GetName()))
		if index < 0 {
			return bad("the model has no output %.100q", o.GetName())
		}
		if slices.ContainsFunc(r.Outputs, func(w Wanted) bool { return w.Index == index }) {
			return bad("output %q is asked for twice", o.GetName())
		}
		if _, ok := o.GetParameters()["classification"]; ok {
			return bad("the classification extension is not supported")
		}
		r.Outputs = append(r.Outputs, Wanted{Index: index})
	}
	// The answer comes in the form of the question.
	r.all = raw
	r.completeOutputs(sig)
	return nil
}

func (r *Infer) grpcParameters(params map[string]*InferParameter) error {
	number := func(p *InferParameter) (uint64, bool) {
		switch v := p.GetParameterChoice().(type) {
		case *InferParameter_Int64Param:
			return uint64(v.Int64Param), v.Int64Param >= 0
		case *InferParameter_Uint64Param:
			return v.Uint64Param, true
		}
		return 0, false
	}
	if p, ok := params["priority"]; ok {
		n, ok := number(p)
		if !ok {
			return bad("the parameter priority must be an integer of 0 or more")
		}
		r.SetPriority(n)
	}
	if p, ok := params["timeout"]; ok {
		n, ok := number(p)
		if !ok || n > math.MaxInt64/1000 {
			return bad("the parameter timeout must be a number of microseconds")
		}
		r.Timeout = time.Duration(n) * time.Microsecond
	}
	return nil
}

// grpcInput reads one input. raw is its raw contents, nil if the request has
// none.
func (r *Infer) grpcInput(in *ModelInferRequest_InferInputTensor, raw []byte, sig *signature.Signature, c *batch.Call) error {
	index := sig.Input([]byte(in.GetName()))
	if index < 0 {
		return bad("the model has no input %.100q", in.GetName())
	}
	if r.seen[index] {
		return bad("input %q is given twice", in.GetName())
	}
	spec := &sig.Inputs[index]
	typ := tensor.ParseType(in.GetDatatype())
	if typ == tensor.Invalid {
		return bad("datatype %.40q is not supported", in.GetDatatype())
	}
	if typ != spec.Type {
		return bad("input %q has datatype %s, the model wants %s", spec.Name, typ, spec.Type)
	}
	want, err := tensor.Bytes(typ, in.GetShape())
	if err != nil {
		return bad("input %q: %v", spec.Name, err)
	}
	r.seen[index] = true
	value := &c.Inputs[index]
	value.Shape = append(value.Shape[:0], in.GetShape()...)
	if raw != nil {
		if in.Contents != nil {
			return bad("input %q has both contents and raw_input_contents", spec.Name)
		}
		value.Data = raw
	} else {
		at := len(c.Scratch)
		if c.Scratch, err = appendContents(c.Scratch, typ, in.GetContents()); err != nil {
			return bad("input %q: %v", spec.Name, err)
		}
		value.Data = c.Scratch[at:]
	}
	if len(value.Data) != want {
		return bad("input %q: shape %v of %s takes %d bytes, got %d", spec.Name, in.GetShape(), typ, want, len(value.Data))
	}
	return nil
}

func appendContents(dst []byte, t tensor.Type, c *InferTensorContents) ([]byte, error) {
	le := binary.LittleEndian
	narrow := func(v int64) error {
		if _, ok := fit(v, t); !ok {
			return bad("%d is not a value of %s", v, t)
		}
		return nil
	}
	switch t {
	case tensor.Bool:
		for _, v := range c.GetBoolContents() {
			if v {
				dst = append(dst, 1)
			} else {
				dst = append(dst, 0)
			}
		}
	case tensor.Int8, tensor.Int16, tensor.Int32:
		for _, v := range c.GetIntContents() {
			if err := narrow(int64(v)); err != nil {
				return dst, err
			}
			dst = appendInt(dst, t, uint64(v))
		}
	case tensor.Uint8, tensor.Uint16, tensor.Uint32:
		for _, v := range c.GetUintContents() {
			if err := narrow(int64(v)); err != nil {
				return dst, err
			}
			dst = appendInt(dst, t, uint64(v))
		}
	case tensor.Int64:
		for _, v := range c.GetInt64Contents() {
			dst = le.AppendUint64(dst, uint64(v))
		}
	case tensor.Uint64:
		for _, v := range c.GetUint64Contents() {
			dst = le.AppendUint64(dst, v)
		}
	case tensor.FP32:
		for _, v := range c.GetFp32Contents() {
			dst = le.AppendUint32(dst, math.Float32bits(v))
		}
	case tensor.FP64:
		for _, v := range c.GetFp64Contents() {
			dst = le.AppendUint64(dst, math.Float64bits(v))
		}
	case tensor.FP16:
		return dst, bad("FP16 has no contents field; use raw_input_contents")
	}
	return dst, nil
}

// fit says whether an integer type of up to 32 bits can hold v.
func fit(v int64, t tensor.Type) (int64, bool) {
	bits := 8 * t.Size()
	switch t {
	case tensor.Uint8, tensor.Uint16, tensor.Uint32:
		return v, v >= 0 && v>>bits == 0
	}
	limit := int64(1) << (bits - 1)
	return v, v >= -limit && v < limit
}

func appendInt(dst []byte, t tensor.Type, bits uint64) []byte {
	switch t.Size() {
	case 1:
		return append(dst, byte(bits))
	case 2:
		return binary.LittleEndian.AppendUint16(dst, uint16(bits))
	}
	return binary.LittleEndian.AppendUint32(dst, uint32(bits))
}

// EncodeGRPC makes the response to a request. It shares no memory with the
// call.
func (r *Infer) EncodeGRPC(model, version string, sig *signature.Signature, c *batch.Call) *ModelInferResponse {
	m := &ModelInferResponse{ModelName: model, ModelVersion: version, Id: string(r.ID)}
	for _, w := range r.Outputs {
		spec, v := &sig.Outputs[w.Index], &c.Outputs[w.Index]
		out := &ModelInferResponse_InferOutputTensor{
			Name: spec.Name, Datatype: spec.Type.String(), Shape: slices.Clone(v.Shape),
		}
		m.Outputs = append(m.Outputs, out)
		// FP16 has only the raw form, and one raw output makes all of them raw.
		if r.all || slices.ContainsFunc(sig.Outputs, func(s tensor.Spec) bool { return s.Type == tensor.FP16 }) {
			m.RawOutputContents = append(m.RawOutputContents, slices.Clone(v.Data))
		} else {
			out.Contents = contents(spec.Type, v.Data)
		}
	}
	return m
}

func contents(t tensor.Type, data []byte) *InferTensorContents {
	c := &InferTensorContents{}
	le := binary.LittleEndian
	for size := t.Size(); len(data) >= size; data = data[size:] {
		switch t {
		case tensor.Bool:
			c.BoolContents = append(c.BoolContents, data[0] != 0)
		case tensor.Int8:
			c.IntContents = append(c.IntContents, int32(int8(data[0])))
		case tensor.Int16:
			c.IntContents = append(c.IntContents, int32(int16(le.Uint16(data))))
		case tensor.Int32:
			c.IntContents = append(c.IntContents, int32(le.Uint32(data)))
		case tensor.Uint8:
			c.UintContents = append(c.UintContents, uint32(data[0]))
		case tensor.Uint16:
			c.UintContents = append(c.UintContents, uint32(le.Uint16(data)))
		case tensor.Uint32:
			c.UintContents = append(c.UintContents, le.Uint32(data))
		case tensor.Int64:
			c.Int64Contents = append(c.Int64Contents, int64(le.Uint64(data)))
		case tensor.Uint64:
			c.Uint64Contents = append(c.Uint64Contents, le.Uint64(data))
		case tensor.FP32:
			c.Fp32Contents = append(c.Fp32Contents, math.Float32frombits(le.Uint32(data)))
		case tensor.FP64:
			c.Fp64Contents = append(c.Fp64Contents, math.Float64frombits(le.Uint64(data)))
		}
	}
	return c
}
