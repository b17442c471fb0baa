package sentiment

import "github.com/mlfleet/mlfleet/inference/onnx"

// Names of the exported model's input and output.
const (
	Input  = "input_ids"
	Output = "probabilities"
)

// Labels are the classes, in the order of the output's columns.
func Labels() []string { return []string{"negative", "positive"} }

// ONNX exports a network: input_ids[batch, length] of int64, 0 being padding,
// to probabilities[batch, 2]. Padding does not change an answer: its row of
// the embedding is zero and it is not counted in the mean.
func (n *Network) ONNX(metadata map[string]string) []byte {
	g := &onnx.Graph{Name: "sentiment"}
	g.Node("Gather", []string{"embedding", Input}, []string{"embedded"}, onnx.Int("axis", 0))
	g.Node("ReduceSum", []string{"embedded", "axis1"}, []string{"sum"}, onnx.Int("keepdims", 0))
	g.Node("Equal", []string{Input, "zero"}, []string{"padding"})
	g.Node("Not", []string{"padding"}, []string{"present"})
	g.Node("Cast", []string{"present"}, []string{"ones"}, onnx.Int("to", int64(onnx.Float)))
	g.Node("ReduceSum", []string{"ones", "axis1"}, []string{"found"}, onnx.Int("keepdims", 1))
	g.Node("Max", []string{"found", "one"}, []string{"count"})
	g.Node("Div", []string{"sum", "count"}, []string{"mean"})
	g.Node("Gemm", []string{"mean", "w1", "b1"}, []string{"before"})
	g.Node("Relu", []string{"before"}, []string{"hidden"})
	g.Node("Gemm", []string{"hidden", "w2", "b2"}, []string{"logits"})
	g.Node("Softmax", []string{"logits"}, []string{Output}, onnx.Int("axis", 1))
	dim, hidden := int64(n.Dim), int64(n.Hidden)
	g.Floats("embedding", []int64{int64(n.Buckets) + 1, dim}, n.Embedding)
	g.Ints("axis1", []int64{1}, []int64{1})
	g.Ints("zero", nil, []int64{0})
	g.Floats("one", nil, []float32{1})
	g.Floats("w1", []int64{dim, hidden}, n.W1)
	g.Floats("b1", []int64{hidden}, n.B1)
	g.Floats("w2", []int64{hidden, 2}, n.W2)
	g.Floats("b2", []int64{2}, n.B2)
	batch := onnx.Dim{Name: "batch"}
	g.Input(Input, onnx.Int64, batch, onnx.Dim{Name: "length"})
	g.Output(Output, onnx.Float, batch, onnx.Dim{Size: 2})
	return g.Model("mlfleet-inference train", 1, metadata)
}
