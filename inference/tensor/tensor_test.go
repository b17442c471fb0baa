package tensor

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestBytes(t *testing.T) {
	for _, tc := range []struct {
		typ   Type
		shape []int64
		want  int
		says  string
	}{
		{FP32, []int64{2, 3}, 24, ""},
		{Int64, nil, 8, ""}, // a scalar
		{Bool, []int64{7, 0, math.MaxInt64}, 0, ""},
		{Bool, []int64{math.MaxInt64}, math.MaxInt64, ""},
		{Uint16, []int64{math.MaxInt64}, 0, "too large"},
		{FP32, []int64{1 << 31, 1 << 31}, 0, "too large"},
		{FP32, []int64{2, -3}, 0, "negative"},
		{FP32, slices.Repeat([]int64{1}, MaxRank+1), 0, "17 dimensions"},
	} {
		got, err := Bytes(tc.typ, tc.shape)
		if got != tc.want || (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s %v: got %d, %v; want %d, %q", tc.typ, tc.shape, got, err, tc.want, tc.says)
		}
	}
}

func TestFits(t *testing.T) {
	s := Spec{Name: "x", Type: FP32, Shape: []int64{Any, 3}}
	for _, tc := range []struct {
		shape []int64
		skip  int
		want  bool
	}{
		{[]int64{5, 3}, 0, true},
		{[]int64{5, 4}, 0, false},
		{[]int64{5, 4}, 2, true}, // the caller has checked both
		{[]int64{3}, 0, false},
		{[]int64{5, 3, 1}, 0, false},
	} {
		if err := s.Fits(tc.shape, tc.skip); (err == nil) != tc.want {
			t.Errorf("%v after %d: %v", tc.shape, tc.skip, err)
		}
	}
}

func TestTypesAreTheProtocols(t *testing.T) {
	for name, size := range map[string]int{
		"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8, "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
		"FP16": 2, "FP32": 4, "FP64": 8,
	} {
		if typ := ParseType(name); typ.String() != name || typ.Size() != size {
			t.Errorf("%s is read as %s of %d bytes", name, typ, typ.Size())
		}
	}
	for _, name := range []string{"", "BYTES", "BF16", "fp32", "INVALID"} {
		if typ := ParseType(name); typ != Invalid {
			t.Errorf("%q is read as %s", name, typ)
		}
	}
}

func TestFinite(t *testing.T) {
	le := binary.LittleEndian
	for _, tc := range []struct {
		typ  Type
		data []byte
		want bool
	}{
		{FP32, le.AppendUint32(le.AppendUint32(nil, 0), math.Float32bits(math.MaxFloat32)), true},
		{FP32, le.AppendUint32(le.AppendUint32(nil, 0), math.Float32bits(float32(math.Inf(-1)))), false},
		{FP32, le.AppendUint32(nil, 0x7f800001), false}, // a signalling NaN
		{FP64, le.AppendUint64(nil, math.Float64bits(-math.MaxFloat64)), true},
		{FP64, le.AppendUint64(nil, math.Float64bits(math.NaN())), false},
		{FP16, le.AppendUint16(nil, 0x7bff), true}, // 65504, the largest
		{FP16, le.AppendUint16(nil, 0xfc00), false},
		{Int32, le.AppendUint32(nil, 0x7f800000), true}, // a number like any other
	} {
		if got := Finite(tc.typ, tc.data); got != tc.want {
			t.Errorf("%s % x: %v", tc.typ, tc.data, got)
		}
	}
}

func TestJobsKeepTheirMemory(t *testing.T) {
	j := NewJob(1, 1)
	v := &j.Inputs[0]
	v.Set([]int64{2, 2}, 16)
	if n := testing.AllocsPerRun(10, func() { v.Set([]int64{1, 3}, 12) }); n > 0 {
		t.Errorf("a smaller value allocates %v times", n)
	}
	if len(v.Data) != 12 || !slices.Equal(v.Shape, []int64{1, 3}) {
		t.Errorf("got %v with %d bytes", v.Shape, len(v.Data))
	}
}
