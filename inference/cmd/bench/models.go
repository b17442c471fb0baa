package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/mlfleet/mlfleet/inference/load"
	"github.com/mlfleet/mlfleet/inference/onnx"
)

// The large model: as many multiply-adds a row as a small transformer layer,
// enough to keep a core busy for milliseconds.
const (
	layers = 8
	width  = 1024
)

// smallIDs is the length of the small model's input: that of an average snippet, padded.
const smallIDs = 32

func largeModel() []byte {
	g := &onnx.Graph{Name: "large"}
	rng := rand.New(rand.NewPCG(1, 1))
	from := "x"
	for i := range layers {
		w, h, to := fmt.Sprintf("w%d", i), fmt.Sprintf("h%d", i), fmt.Sprintf("r%d", i)
		if i == layers-1 {
			to = "y"
		}
		weights := make([]float32, width*width)
		for k := range weights {
			weights[k] = float32(rng.NormFloat64() * math.Sqrt(2.0/width))
		}
		g.Floats(w, []int64{width, width}, weights)
		g.Node("MatMul", []string{from, w}, []string{h})
		g.Node("Relu", []string{h}, []string{to})
		from = to
	}
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: width})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: width})
	return g.Model("mlfleet-inference bench", 1, nil)
}

func (b *bench) largeRequest(address string) []byte {
	var data []byte
	for i := range width {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(i%7)/7))
	}
	return binaryRequest(address, "large", "x", "FP32", width, data)
}

func (b *bench) smallRequest(address string) []byte {
	var data []byte
	for i := range smallIDs {
		data = binary.LittleEndian.AppendUint64(data, uint64(1+i*997))
	}
	return binaryRequest(address, "sentiment", "input_ids", "INT64", smallIDs, data)
}

func binaryRequest(address, model, input, datatype string, length int, data []byte) []byte {
	head := fmt.Sprintf(`{"inputs":[{"name":%q,"shape":[1,%d],"datatype":%q,"parameters":{"binary_data_size":%d}}],"parameters":{"binary_data_output":true}}`,
		input, length, datatype, len(data))
	return load.Request("POST", address, "/v2/models/"+model+"/infer", append([]byte(head), data...),
		"Content-Type: application/octet-stream", fmt.Sprintf("Inference-Header-Content-Length: %d", len(head)))
}
