package protocol

import (
	"bytes"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

func grpcRequest(change func(*ModelInferRequest)) *ModelInferRequest {
	m := &ModelInferRequest{
		ModelName: "m", Id: "7",
		Inputs: []*ModelInferRequest_InferInputTensor{{
			Name: "in0", Datatype: "FP32", Shape: []int64{1, 2},
			Contents: &InferTensorContents{Fp32Contents: []float32{1, 2}},
		}},
	}
	if change != nil {
		change(m)
	}
	return m
}

func TestDecodeGRPC(t *testing.T) {
	sig := sign(t, tensor.FP32)
	c := batch.NewPool(1, 1).Get()
	var r Infer
	if err := r.DecodeGRPC(grpcRequest(nil), sig, c); err != nil || !bytes.Equal(c.Inputs[0].Data, floats(1, 2)) {
		t.Fatalf("got %v, %v", c.Inputs[0], err)
	}
	c.Outputs[0].Set([]int64{1, 2}, 8)
	copy(c.Outputs[0].Data, floats(3, 4))
	out := r.EncodeGRPC("m", "1", sig, c)
	if out.Id != "7" || len(out.RawOutputContents) != 0 || out.Outputs[0].Contents.Fp32Contents[1] != 4 {
		t.Errorf("answered %v", out)
	}
	raw := grpcRequest(func(m *ModelInferRequest) {
		m.Inputs[0].Contents = nil
		m.RawInputContents = [][]byte{floats(1, 2)}
	})
	if err := r.DecodeGRPC(raw, sig, c); err != nil {
		t.Fatal(err)
	}
	if out := r.EncodeGRPC("m", "1", sig, c); !bytes.Equal(out.RawOutputContents[0], floats(3, 4)) || out.Outputs[0].Contents != nil {
		t.Errorf("a raw request was answered with %v", out)
	}
}

func TestDecodeGRPCRefuses(t *testing.T) {
	sig := sign(t, tensor.FP32)
	for _, tc := range []struct {
		name   string
		change func(*ModelInferRequest)
		want   string
	}{
		{"no input", func(m *ModelInferRequest) { m.Inputs = nil }, "missing"},
		{"a nil input", func(m *ModelInferRequest) { m.Inputs[0] = nil }, "no input"},
		{"an unknown input", func(m *ModelInferRequest) { m.Inputs[0].Name = "x" }, "no input"},
		{"an input twice", func(m *ModelInferRequest) { m.Inputs = append(m.Inputs, m.Inputs[0]) }, "twice"},
		{"another type", func(m *ModelInferRequest) { m.Inputs[0].Datatype = "INT64" }, "wants FP32"},
		{"an unknown type", func(m *ModelInferRequest) { m.Inputs[0].Datatype = "BYTES" }, "not supported"},
		{"a negative dimension", func(m *ModelInferRequest) { m.Inputs[0].Shape[0] = -1 }, "negative"},
		{"too few contents", func(m *ModelInferRequest) { m.Inputs[0].Shape[1] = 3 }, "takes 12 bytes"},
		{"no contents", func(m *ModelInferRequest) { m.Inputs[0].Contents = nil }, "takes 8 bytes"},
		{"contents of another type", func(m *ModelInferRequest) { m.Inputs[0].Contents = &InferTensorContents{IntContents: []int32{1, 2}} }, "takes 8 bytes"},
		{"contents and raw contents", func(m *ModelInferRequest) { m.RawInputContents = [][]byte{floats(1, 2)} }, "both"},
		{"too many raw contents", func(m *ModelInferRequest) { m.RawInputContents = [][]byte{nil, nil} }, "raw_input_contents"},
		{"an unknown output", func(m *ModelInferRequest) { m.Outputs = []*ModelInferRequest_InferRequestedOutputTensor{{Name: "x"}} }, "no output"},
		{"a nil output", func(m *ModelInferRequest) { m.Outputs = []*ModelInferRequest_InferRequestedOutputTensor{nil} }, "no output"},
		{"a negative priority", func(m *ModelInferRequest) {
			m.Parameters = map[string]*InferParameter{"priority": {ParameterChoice: &InferParameter_Int64Param{Int64Param: -1}}}
		}, "priority"},
		{"a timeout in words", func(m *ModelInferRequest) {
			m.Parameters = map[string]*InferParameter{"timeout": {ParameterChoice: &InferParameter_StringParam{StringParam: "1s"}}}
		}, "timeout"},
	} {
		var r Infer
		err := r.DecodeGRPC(grpcRequest(tc.change), sig, batch.NewPool(1, 1).Get())
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestContentsOutsideTheirTypeAreRefused(t *testing.T) {
	for typ, c := range map[tensor.Type]*InferTensorContents{
		tensor.Int8:   {IntContents: []int32{128}},
		tensor.Int16:  {IntContents: []int32{-32769}},
		tensor.Uint8:  {UintContents: []uint32{256}},
		tensor.Uint16: {UintContents: []uint32{65536}},
	} {
		if b, err := appendContents(nil, typ, c); err == nil {
			t.Errorf("%s: %v was written as %v", typ, c, b)
		}
	}
}

func FuzzDecodeGRPC(f *testing.F) {
	seed, err := proto.Marshal(grpcRequest(nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	sig := sign(f, tensor.FP32)
	f.Fuzz(func(t *testing.T, b []byte) {
		var m ModelInferRequest
		if proto.Unmarshal(b, &m) != nil {
			return
		}
		var r Infer
		c := batch.NewPool(1, 1).Get()
		if err := r.DecodeGRPC(&m, sig, c); err != nil {
			return
		}
		if n, err := tensor.Bytes(tensor.FP32, c.Inputs[0].Shape); err != nil || n != len(c.Inputs[0].Data) {
			t.Fatalf("shape %v with %d bytes", c.Inputs[0].Shape, len(c.Inputs[0].Data))
		}
	})
}
