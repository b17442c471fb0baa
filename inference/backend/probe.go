package backend

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// probe runs a model of one addition on the device.
func (d *Device) probe() error {
	g := &onnx.Graph{Name: "probe"}
	g.Node("Add", []string{"x", "one"}, []string{"y"})
	g.Floats("one", []int64{1}, []float32{1})
	g.Input("x", onnx.Float, onnx.Dim{Name: "n"})
	g.Output("y", onnx.Float, onnx.Dim{Name: "n"})
	s, err := d.open(g.Model("mlfleet-inference probe", 1, nil), &modelconfig.Config{}, 1)
	if err != nil {
		return err
	}
	defer s.Close()
	r := s.NewRunner()
	defer r.Close()
	j := tensor.NewJob(1, 1)
	x := []float32{41}
	j.Inputs[0].Set([]int64{1}, 4)
	copy(j.Inputs[0].Data, unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4))
	if err := s.Signature.Check(j); err != nil {
		return err
	}
	if err := r.Run([]*tensor.Job{j}); err != nil {
		return err
	}
	if y := math.Float32frombits(*(*uint32)(unsafe.Pointer(&j.Outputs[0].Data[0]))); y != 42 {
		return fmt.Errorf("41 + 1 came out as %v", y)
	}
	return nil
}
