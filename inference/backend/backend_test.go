package backend

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

func TestMain(m *testing.M) {
	if err := Open(FindLibrary(os.Getenv("ONNXRUNTIME"))); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	code := m.Run()
	Close(5 * time.Second)
	os.Exit(code)
}

func cpu(t testing.TB) *Device {
	t.Helper()
	d, err := Choose(Options{Kind: CPU, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func floats(v ...float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// sumModel adds up each row of x[batch, length].
func sumModel() []byte {
	g := &onnx.Graph{Name: "sum"}
	g.Node("ReduceSum", []string{"x", "axis"}, []string{"y"}, onnx.Int("keepdims", 1))
	g.Ints("axis", []int64{1}, []int64{1})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Name: "length"})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	return g.Model("test", 1, nil)
}

// doubleModel has an output as long as its input.
func doubleModel() []byte {
	g := &onnx.Graph{Name: "double"}
	g.Node("Add", []string{"x", "x"}, []string{"y"})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Name: "length"})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Name: "length"})
	return g.Model("test", 1, nil)
}

func job(t *testing.T, s *Session, rows int64, data []byte) *tensor.Job {
	t.Helper()
	j := tensor.NewJob(1, 1)
	j.Inputs[0].Data = data
	j.Inputs[0].Shape = []int64{rows, int64(len(data)) / rows / int64(s.Signature.Inputs[0].Type.Size())}
	if err := s.Signature.Check(j); err != nil {
		t.Fatal(err)
	}
	return j
}

// open loads a model onto the device that the tests are built for: a GPU with
// the tag gpu, else the CPU.
func open(t *testing.T, model []byte, c *modelconfig.Config, rows int) (*Session, *Runner) {
	t.Helper()
	return openOn(t, device(t), model, c, rows)
}

func openOn(t *testing.T, d *Device, model []byte, c *modelconfig.Config, rows int) (*Session, *Runner) {
	t.Helper()
	s, err := d.open(model, c, rows)
	if err != nil {
		t.Fatal(err)
	}
	r := s.NewRunner()
	t.Cleanup(func() { r.Close(); s.Close() })
	return s, r
}

func TestRowsOfSeveralJobsAreRunTogetherAndComeBackApart(t *testing.T) {
	pad := map[string]modelconfig.Pad{"x": {Min: 4, Max: 64, Value: 0}}
	s, r := open(t, sumModel(), &modelconfig.Config{Pad: pad}, 16)
	a := job(t, s, 1, floats(1, 2, 3))
	b := job(t, s, 3, floats(10, 1, 20, 2, 30, 3))
	c := job(t, s, 1, floats(5, 5, 5, 5))
	if err := r.Run([]*tensor.Job{a, b, c}); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		j    *tensor.Job
		want []byte
	}{{a, floats(6)}, {b, floats(11, 22, 33)}, {c, floats(20)}} {
		if got := tc.j.Outputs[0]; string(got.Data) != string(tc.want) || got.Shape[0] != int64(tc.j.Rows) {
			t.Errorf("got %v %v, want %v", got.Shape, got.Data, tc.want)
		}
	}
}

func TestPaddingUsesItsValue(t *testing.T) {
	pad := map[string]modelconfig.Pad{"x": {Min: 4, Max: 64, Value: 100}}
	s, r := open(t, sumModel(), &modelconfig.Config{Pad: pad}, 4)
	j := job(t, s, 2, floats(1, 2, 3, 4))
	if err := r.Run([]*tensor.Job{j}); err != nil {
		t.Fatal(err)
	}
	if want := floats(203, 207); string(j.Outputs[0].Data) != string(want) {
		t.Errorf("got %v, want two sums with two paddings of 100 each: %v", j.Outputs[0].Data, want)
	}
}

func TestOutputsOfOpenSizeAreSplitByRow(t *testing.T) {
	s, r := open(t, doubleModel(), &modelconfig.Config{}, 8)
	a, b := job(t, s, 1, floats(1, 2, 3)), job(t, s, 2, floats(4, 5, 6, 7, 8, 9))
	if err := r.Run([]*tensor.Job{a, b}); err != nil {
		t.Fatal(err)
	}
	if string(a.Outputs[0].Data) != string(floats(2, 4, 6)) || string(b.Outputs[0].Data) != string(floats(8, 10, 12, 14, 16, 18)) {
		t.Errorf("got %v and %v", a.Outputs[0], b.Outputs[0])
	}
}

// TestEveryRunSeesItsOwnInput runs the same tensors again with other content,
// as a server does. On a GPU, a tensor that was copied there once stays what it
// was.
func TestEveryRunSeesItsOwnInput(t *testing.T) {
	for name, model := range map[string][]byte{"outputs of fixed size": sumModel(), "outputs of open size": doubleModel()} {
		s, r := open(t, model, &modelconfig.Config{}, 4)
		for x := float32(1); x <= 3; x++ {
			j := job(t, s, 1, floats(x))
			if err := r.Run([]*tensor.Job{j}); err != nil {
				t.Fatal(err)
			}
			want := floats(x) // the sum of one number
			if s.Signature.Outputs[0].Shape[1] == tensor.Any {
				want = floats(2 * x)
			}
			if string(j.Outputs[0].Data) != string(want) {
				t.Errorf("%s: of %v it made %v, want %v", name, x, j.Outputs[0].Data, want)
			}
		}
	}
}

func TestPaddingIsRefusedWhereItWouldShow(t *testing.T) {
	_, err := cpu(t).open(doubleModel(), &modelconfig.Config{Pad: map[string]modelconfig.Pad{"x": {Max: 8}}}, 8)
	if err == nil || !strings.Contains(err.Error(), "padding") {
		t.Errorf("got %v", err)
	}
}

func TestMemoryGrowsWithTheRequests(t *testing.T) {
	s, r := open(t, sumModel(), &modelconfig.Config{}, 8)
	for _, n := range []int{10, 100_000, 10, 200_000} {
		v := make([]float32, n)
		for i := range v {
			v[i] = 1
		}
		j := job(t, s, 1, floats(v...))
		if err := r.Run([]*tensor.Job{j}); err != nil {
			t.Fatal(err)
		}
		if string(j.Outputs[0].Data) != string(floats(float32(n))) {
			t.Errorf("sum of %d ones is %v", n, j.Outputs[0].Data)
		}
	}
}

func TestBindingsAreBounded(t *testing.T) {
	s, r := open(t, sumModel(), &modelconfig.Config{}, 1)
	for n := 1; n <= maxBindings+10; n++ {
		j := job(t, s, 1, make([]byte, 4*n))
		if err := r.Run([]*tensor.Job{j}); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.bindings) > maxBindings {
		t.Errorf("%d bindings are kept", len(r.bindings))
	}
}

func TestRunOnTheCPUAllocatesNothing(t *testing.T) {
	s, r := openOn(t, cpu(t), sumModel(), &modelconfig.Config{}, 8)
	jobs := []*tensor.Job{job(t, s, 1, floats(1, 2)), job(t, s, 2, floats(1, 2, 3, 4))}
	if n := testing.AllocsPerRun(100, func() {
		if err := r.Run(jobs); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("a run allocates %v times", n)
	}
}

func TestWarmUpRunsEveryBucketAndLength(t *testing.T) {
	_, r := open(t, sumModel(), &modelconfig.Config{Pad: map[string]modelconfig.Pad{"x": {Min: 8, Max: 64}}}, 10)
	ran, of, err := r.WarmUp(t.Context(), time.Hour)
	if err != nil || ran != of || of != 4*9 || len(r.bindings) != of { // 8 16 32 64; 1…8 10
		t.Errorf("ran %d of %d (%d bindings), %v", ran, of, len(r.bindings), err)
	}
}

func TestBrokenModelsAreRefused(t *testing.T) {
	d := cpu(t)
	good := sumModel()
	for name, model := range map[string][]byte{
		"empty": nil, "cut": good[:len(good)/2], "noise": []byte("this is not a model"), "zeros": make([]byte, 1000),
	} {
		path := filepath.Join(t.TempDir(), "model.onnx")
		if err := os.WriteFile(path, model, 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := d.Load(path, &modelconfig.Config{}, 4); err == nil {
			t.Errorf("%s: loaded %v", name, s.Signature)
		}
	}
}

func TestAutoFallsBackToTheCPUAndSaysWhy(t *testing.T) {
	d, err := Choose(Options{Kind: Auto})
	if err != nil {
		t.Fatal(err)
	}
	if d.Kind == CPU && !strings.Contains(d.Why, "cuda:0 does not work") {
		t.Errorf("chose %s without saying why: %q", d, d.Why)
	}
}

func TestUnknownDeviceIsRefused(t *testing.T) {
	if _, err := Choose(Options{Kind: "tpu"}); err == nil || !strings.Contains(err.Error(), `"tpu"`) {
		t.Errorf("got %v", err)
	}
}
