package protocol

import (
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
)

// allocated is how much memory do takes, garbage included.
func allocated(do func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// TestAMessageWeighsWhatItsDecodingTakes weighs messages that are small beside
// what they decode to, and then decodes them.
func TestAMessageWeighsWhatItsDecodingTakes(t *testing.T) {
	many := func(n int) *InferTensorContents {
		return &InferTensorContents{
			BoolContents: make([]bool, n), IntContents: make([]int32, n), Int64Contents: make([]int64, n),
			UintContents: make([]uint32, n), Uint64Contents: make([]uint64, n), Fp32Contents: make([]float32, n), Fp64Contents: make([]float64, n),
		}
	}
	for name, m := range map[string]*ModelInferRequest{
		"raw contents":   {RawInputContents: [][]byte{make([]byte, 1<<20), make([]byte, 1<<20)}},
		"contents":       {Inputs: []*ModelInferRequest_InferInputTensor{{Contents: many(1 << 16)}}},
		"empty inputs":   {Inputs: slices.Repeat([]*ModelInferRequest_InferInputTensor{{}}, maxParts)},
		"empty outputs":  {Outputs: slices.Repeat([]*ModelInferRequest_InferRequestedOutputTensor{{}}, maxParts)},
		"empty contents": {RawInputContents: make([][]byte, maxParts)},
		"dimensions":     {Inputs: []*ModelInferRequest_InferInputTensor{{Shape: make([]int64, 1<<18)}}},
		"a name":         {ModelName: strings.Repeat("x", 1<<20)},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Weigh(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		took := allocated(func() {
			if err := proto.Unmarshal(b, new(ModelInferRequest)); err != nil {
				t.Error(err)
			}
		})
		// Slices of pointers and of slices double as they grow.
		if got < took/2-4096 || got > 4*took+4096 {
			t.Errorf("%s: %d bytes on the wire weigh %d, decoding them takes %d", name, len(b), got, took)
		}
	}
}

func TestUnpackedElementsWeighAsPackedOnes(t *testing.T) {
	const n = 1000
	one := "\x18\x01"                                   // int64_contents: 1
	contents := "\x2a\xd0\x0f" + strings.Repeat(one, n) // 2000 bytes
	message := "\x2a\xd3\x0f" + contents
	if m := new(ModelInferRequest); proto.Unmarshal([]byte(message), m) != nil || len(m.Inputs[0].Contents.Int64Contents) != n {
		t.Fatal("this is not the message that it should be")
	}
	if got, err := Weigh([]byte(message)); err != nil || got < 8*n {
		t.Errorf("%d elements weigh %d, %v", n, got, err)
	}
}

func TestWhatOnlyTakesMemoryIsRefused(t *testing.T) {
	for name, m := range map[string]*ModelInferRequest{
		"bytes_contents": {Inputs: []*ModelInferRequest_InferInputTensor{{Contents: &InferTensorContents{BytesContents: make([][]byte, 1)}}}},
		"at most 4096":   {Inputs: slices.Repeat([]*ModelInferRequest_InferInputTensor{{}}, maxParts+1)},
		"raw contents":   {RawInputContents: make([][]byte, maxParts+1)},
		"and parameters": {Outputs: []*ModelInferRequest_InferRequestedOutputTensor{{Parameters: parameters(maxParts)}}},
	} {
		b, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Weigh(b); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func parameters(n int) map[string]*InferParameter {
	out := map[string]*InferParameter{}
	for i := range n {
		out[strings.Repeat("k", i%60)+string(rune('a'+i/60))] = &InferParameter{}
	}
	return out
}
