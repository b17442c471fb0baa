package backend

import (
	"testing"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// FuzzModel reads arbitrary bytes as a model, through ONNX Runtime's own
// decoder and then ours of what it declares. A model is refused with an error,
// or has a signature that a request can be checked against.
func FuzzModel(f *testing.F) {
	f.Add(sumModel())
	f.Add(doubleModel())
	d := cpu(f)
	f.Fuzz(func(t *testing.T, model []byte) {
		s, err := d.open(model, &modelconfig.Config{}, 4)
		if err != nil {
			return
		}
		defer s.Close()
		j := tensor.NewJob(len(s.Signature.Inputs), len(s.Signature.Outputs))
		for i, spec := range s.Signature.Inputs {
			if len(spec.Shape) < 1 || len(spec.Shape) > tensor.MaxRank || spec.Type.Size() == 0 {
				t.Fatalf("input %+v", spec)
			}
			j.Inputs[i].Set(s.Signature.Shape(nil, i, 1, make([]int64, len(spec.Shape))), 0)
		}
		_ = s.Signature.Check(j) // an error is an answer
	})
}
