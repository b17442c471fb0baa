package signature

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

var (
	ids   = tensor.Spec{Name: "ids", Type: tensor.Int64, Shape: []int64{tensor.Any, tensor.Any}}
	image = tensor.Spec{Name: "image", Type: tensor.FP32, Shape: []int64{tensor.Any, 2, 2}}
	score = tensor.Spec{Name: "score", Type: tensor.FP32, Shape: []int64{tensor.Any, 2}}
	same  = tensor.Spec{Name: "same", Type: tensor.FP32, Shape: []int64{tensor.Any, tensor.Any}}
	fixed = tensor.Spec{Name: "fixed", Type: tensor.FP32, Shape: []int64{1, 2}}
)

func sign(t *testing.T, in, out []tensor.Spec, c modelconfig.Config, rows int) *Signature {
	t.Helper()
	s, err := New(in, out, &c, rows)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func value(shape ...int64) tensor.Value {
	size := int64(8)
	for _, d := range shape {
		size *= d
	}
	return tensor.Value{Shape: shape, Data: make([]byte, max(size, 0))}
}

func TestLimitsOfRows(t *testing.T) {
	in, out := []tensor.Spec{ids}, []tensor.Spec{score}
	for _, tc := range []struct {
		config modelconfig.Config
		out    tensor.Spec
		server int
		want   int
	}{
		{modelconfig.Config{}, score, 32, 32},
		{modelconfig.Config{MaxBatchSize: 8}, score, 32, 8},
		{modelconfig.Config{MaxBatchSize: 64}, score, 32, 32},
		{modelconfig.Config{NoBatching: true}, score, 32, 1},
		{modelconfig.Config{}, fixed, 32, 1},
	} {
		out[0] = tc.out
		if s := sign(t, in, out, tc.config, tc.server); s.MaxRows != tc.want || s.Batched != (tc.want > 1) {
			t.Errorf("%+v, server %d: %d rows, batched %v; want %d", tc.config, tc.server, s.MaxRows, s.Batched, tc.want)
		}
	}
}

func TestCheckSetsRowsAndClass(t *testing.T) {
	s := sign(t, []tensor.Spec{ids, image}, []tensor.Spec{score},
		modelconfig.Config{Pad: map[string]modelconfig.Pad{"ids": {Min: 8, Max: 64}}}, 16)
	j := &tensor.Job{Inputs: []tensor.Value{value(3, 9), {Shape: []int64{3, 2, 2}, Data: make([]byte, 48)}}}
	if err := s.Check(j); err != nil {
		t.Fatal(err)
	}
	if j.Rows != 3 || !slices.Equal(j.Class, []int64{16, 2, 2}) {
		t.Errorf("rows %d, class %v", j.Rows, j.Class)
	}
	if got := s.Shape(nil, 0, 5, j.Class); !slices.Equal(got, []int64{5, 16}) {
		t.Errorf("shape of ids in a run of 5: %v", got)
	}
	if got := s.Shape(nil, 1, 5, j.Class); !slices.Equal(got, []int64{5, 2, 2}) {
		t.Errorf("shape of image in a run of 5: %v", got)
	}
}

func TestCheckRefuses(t *testing.T) {
	pad := modelconfig.Config{
		Pad:   map[string]modelconfig.Pad{"ids": {Max: 16}},
		Range: map[string]modelconfig.Range{"ids": {Min: 0, Max: 9}},
	}
	nan := binary.LittleEndian.AppendUint32(make([]byte, 12), math.Float32bits(float32(math.NaN())))
	inf := binary.LittleEndian.AppendUint32(make([]byte, 12), math.Float32bits(float32(math.Inf(-1))))
	tooHigh := binary.LittleEndian.AppendUint64(nil, 10)
	negative := binary.LittleEndian.AppendUint64(nil, math.MaxUint64)
	for _, tc := range []struct {
		name string
		spec tensor.Spec
		v    tensor.Value
		want string
	}{
		{"too few dimensions", ids, value(3), "dimensions"},
		{"too many dimensions", ids, value(1, 2, 3), "dimensions"},
		{"another size", image, value(1, 2, 3), "does not fit"},
		{"negative", ids, tensor.Value{Shape: []int64{-1, 4}, Data: nil}, "negative"},
		{"negative and huge", ids, tensor.Value{Shape: []int64{math.MinInt64, 4}, Data: nil}, "negative"},
		{"overflow", ids, tensor.Value{Shape: []int64{1 << 62, 1 << 62}, Data: nil}, "too large"},
		{"no rows", ids, value(0, 4), "no elements"},
		{"no columns", ids, value(4, 0), "no elements"},
		{"too many rows", ids, value(17, 4), "at most 16"},
		{"too long", ids, value(1, 17), "exceeds"},
		{"too few bytes", ids, tensor.Value{Shape: []int64{1, 4}, Data: make([]byte, 31)}, "takes 32 bytes"},
		{"NaN", image, tensor.Value{Shape: []int64{1, 2, 2}, Data: nan}, "NaN"},
		{"infinity", image, tensor.Value{Shape: []int64{1, 2, 2}, Data: inf}, "NaN"},
		{"above the range", ids, tensor.Value{Shape: []int64{1, 1}, Data: tooHigh}, "value 10"},
		{"below the range", ids, tensor.Value{Shape: []int64{1, 1}, Data: negative}, "value -1"},
	} {
		c := pad
		if tc.spec.Name != "ids" {
			c = modelconfig.Config{}
		}
		s := sign(t, []tensor.Spec{tc.spec}, []tensor.Spec{score}, c, 16)
		err := s.Check(&tensor.Job{Inputs: []tensor.Value{tc.v}})
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %q", tc.name, err, tc.want)
		}
	}
}

func TestCheckRefusesDifferentRows(t *testing.T) {
	s := sign(t, []tensor.Spec{ids, ids}, []tensor.Spec{score}, modelconfig.Config{}, 16)
	if err := s.Check(&tensor.Job{Inputs: []tensor.Value{value(2, 4), value(3, 4)}}); err == nil {
		t.Error("inputs with 2 and 3 rows are accepted")
	}
}

func TestNonFiniteMayBeAllowed(t *testing.T) {
	s := sign(t, []tensor.Spec{image}, []tensor.Spec{score}, modelconfig.Config{AllowNonFinite: true}, 16)
	nan := binary.LittleEndian.AppendUint32(make([]byte, 12), math.Float32bits(float32(math.NaN())))
	if err := s.Check(&tensor.Job{Inputs: []tensor.Value{{Shape: []int64{1, 2, 2}, Data: nan}}}); err != nil {
		t.Error(err)
	}
}

func TestNewRefuses(t *testing.T) {
	pad := func(name string) modelconfig.Config {
		return modelconfig.Config{Pad: map[string]modelconfig.Pad{name: {Max: 8}}}
	}
	for name, tc := range map[string]struct {
		in, out tensor.Spec
		c       modelconfig.Config
	}{
		"padding of an unknown input":  {ids, score, pad("idz")},
		"padding of a fixed dimension": {image, score, pad("image")},
		"padding that shows":           {ids, same, pad("ids")},
		"padding without batches":      {ids, fixed, pad("ids")},
		"range of an unknown input":    {ids, score, modelconfig.Config{Range: map[string]modelconfig.Range{"x": {}}}},
		"range of floats":              {image, score, modelconfig.Config{Range: map[string]modelconfig.Range{"image": {}}}},
	} {
		if s, err := New([]tensor.Spec{tc.in}, []tensor.Spec{tc.out}, &tc.c, 8); err == nil {
			t.Errorf("%s is accepted: %+v", name, s)
		}
	}
}

func TestBucketsHoldEveryNumberOfRows(t *testing.T) {
	for limit := 1; limit <= 300; limit++ {
		b := (&Signature{MaxRows: limit}).Buckets()
		if b[0] != 1 || b[len(b)-1] != limit || !slices.IsSorted(b) || len(slices.Compact(slices.Clone(b))) != len(b) {
			t.Fatalf("limit %d: %v", limit, b)
		}
		for rows := 1; rows <= limit; rows++ {
			i, _ := slices.BinarySearch(b, rows)
			if waste := b[i] - rows; waste*5 > b[i] {
				t.Fatalf("limit %d: %d rows run as %d", limit, rows, b[i])
			}
		}
	}
}
