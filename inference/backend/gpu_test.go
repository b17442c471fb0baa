//go:build gpu

// What only a GPU can show: `go test -tags gpu -v ./backend` on a machine that
// has one. It runs the tests of the Runner there, too. docs/contract.md lists
// it with the rest.

package backend

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

func device(t testing.TB) *Device {
	t.Helper()
	d, err := Choose(Options{Kind: CUDA})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ints(v ...int64) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, uint64(x))
	}
	return b
}

// TestOnAGPUTheModelAnswersAsOnTheCPU runs the committed model on both.
func TestOnAGPUTheModelAnswersAsOnTheCPU(t *testing.T) {
	var answers [2][]byte
	for i, d := range []*Device{cpu(t), device(t)} {
		s, err := d.Load("../models/sentiment/1/model.onnx", &modelconfig.Config{}, 4)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		r := s.NewRunner()
		defer r.Close()
		j := job(t, s, 2, ints(17, 4242, 901, 5, 6, 0))
		if err := r.Run([]*tensor.Job{j}); err != nil {
			t.Fatal(err)
		}
		answers[i] = j.Outputs[0].Data
	}
	for i := 0; i < len(answers[0]); i += 4 {
		a := math.Float32frombits(binary.LittleEndian.Uint32(answers[0][i:]))
		b := math.Float32frombits(binary.LittleEndian.Uint32(answers[1][i:]))
		if !(math.Abs(float64(a-b)) < 1e-3) {
			t.Errorf("the CPU answers %v, the GPU %v", a, b)
		}
	}
}

// TestOnAGPUNothingFallsToTheCPU has a model of an operator that ONNX Runtime
// has for the CPU alone.
func TestOnAGPUNothingFallsToTheCPU(t *testing.T) {
	g := &onnx.Graph{Name: "det"}
	g.Node("Det", []string{"x"}, []string{"y"})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 2}, onnx.Dim{Size: 2})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"})
	model := g.Model("test", 1, nil)
	s, err := cpu(t).open(model, &modelconfig.Config{}, 4)
	if err != nil {
		t.Fatalf("not even the CPU takes it: %v", err)
	}
	s.Close()
	if _, err := device(t).open(model, &modelconfig.Config{}, 4); err == nil || !strings.Contains(err.Error(), "fallback") {
		t.Errorf("got %v, want a refusal that names the fallback", err)
	}
}
