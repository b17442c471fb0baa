package repository_test

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/onnx"
	"github.com/mlfleet/mlfleet/inference/repository"
)

func TestMain(m *testing.M) {
	if err := backend.Open(backend.FindLibrary(os.Getenv("ONNXRUNTIME"))); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
	code := m.Run()
	backend.Close(5 * time.Second)
	os.Exit(code)
}

// scaleModel multiplies each element of x[batch, 1] by k, so that an answer
// tells which version it is from.
func scaleModel(k float32) []byte {
	g := &onnx.Graph{Name: "scale"}
	g.Node("Mul", []string{"x", "k"}, []string{"y"})
	g.Floats("k", []int64{1}, []float32{k})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	return g.Model("test", 1, nil)
}

// poisonedModel fails in a run of exactly so many rows, of at most 8: it looks
// the number of rows up in a table, and what it finds there in a second one, which
// is too short for the poison.
func poisonedModel(rows int) []byte {
	table := make([]int64, 9)
	table[rows] = 7
	g := &onnx.Graph{Name: "poisoned"}
	g.Node("Shape", []string{"x"}, []string{"shape"})
	g.Node("Gather", []string{"shape", "zero"}, []string{"rows"})
	g.Node("Gather", []string{"table", "rows"}, []string{"at"})
	g.Node("Gather", []string{"one", "at"}, []string{"k"})
	g.Node("Mul", []string{"x", "k"}, []string{"y"})
	g.Ints("zero", []int64{1}, []int64{0})
	g.Ints("table", []int64{9}, table)
	g.Floats("one", []int64{1}, []float32{1})
	g.Input("x", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	g.Output("y", onnx.Float, onnx.Dim{Name: "batch"}, onnx.Dim{Size: 1})
	return g.Model("test", 1, nil)
}

// write puts a file under root; parts are its path.
func write(t testing.TB, content []byte, root string, parts ...string) {
	t.Helper()
	name := filepath.Join(append([]string{root}, parts...)...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// open makes a repository on root. change may be nil.
func open(t testing.TB, root string, change func(*repository.Options)) *repository.Repository {
	t.Helper()
	device, err := backend.Choose(backend.Options{Kind: backend.CPU, Threads: 1})
	if err != nil {
		t.Fatal(err)
	}
	o := repository.Options{
		Root: root, Device: device, WarmUp: time.Minute,
		Batch: batch.Options{MaxRows: 8, MaxQueued: 1000},
		Meter: func(*repository.Version) batch.Meter { return deaf{} },
	}
	if change != nil {
		change(&o)
	}
	r := repository.New(o)
	t.Cleanup(r.Close)
	return r
}

// deaf measures nothing.
type deaf struct{}

func (deaf) Waited(time.Duration)   {}
func (deaf) Ran(int, time.Duration) {}
func (deaf) Dropped(error)          {}

// ask sends 3 to a version, and returns what comes back and from which version.
func ask(t testing.TB, r *repository.Repository, model, version string) (answer float32, from string) {
	t.Helper()
	v, err := r.Acquire(model, version)
	if err != nil {
		t.Fatal(err)
	}
	defer v.Release()
	c := v.Call()
	defer c.Release()
	c.Inputs[0].Shape = []int64{1, 1}
	c.Inputs[0].Data = binary.LittleEndian.AppendUint32(nil, math.Float32bits(3))
	if err := v.Signature.Check(&c.Job); err != nil {
		t.Fatal(err)
	}
	if err := v.Do(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return math.Float32frombits(binary.LittleEndian.Uint32(c.Outputs[0].Data)), v.Name
}
