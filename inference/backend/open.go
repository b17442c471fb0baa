package backend

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"unsafe"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// runOpen runs a model whose outputs have sizes that only the run tells. The
// runtime allocates them, which is slower, but there is no other way.
func (r *Runner) runOpen(b *binding, jobs []*tensor.Job) error {
	outputs := make([]ort.Value, len(r.out))
	if err := r.s.session.Run(b.inputs, outputs); err != nil {
		return fmt.Errorf("run %d rows: %w", b.rows, err)
	}
	defer func() {
		for _, v := range outputs {
			v.Destroy()
		}
	}()
	for o, v := range outputs {
		spec := &r.s.Signature.Outputs[o]
		data, err := content(v, spec.Type)
		if err != nil {
			return fmt.Errorf("output %q: %w", spec.Name, err)
		}
		shape := slices.Clone(v.GetShape())
		if !r.s.Signature.Batched {
			jobs[0].Outputs[o].Set(shape, len(data))
			copy(jobs[0].Outputs[o].Data, data)
			continue
		}
		if len(shape) == 0 || shape[0] != int64(b.rows) {
			return fmt.Errorf("output %q has shape %v for %d rows: its rows are not those of the input; set noBatching in config.json",
				spec.Name, shape, b.rows)
		}
		size := len(data) / b.rows
		for _, j := range jobs {
			shape[0] = int64(j.Rows)
			j.Outputs[o].Set(shape, j.Rows*size)
			data = data[copy(j.Outputs[o].Data, data):]
		}
	}
	return nil
}

// content is a view of a tensor's bytes, valid until it is destroyed.
func content(v ort.Value, t tensor.Type) ([]byte, error) {
	switch v := v.(type) {
	case *ort.CustomDataTensor:
		return v.GetData(), nil
	case *ort.Tensor[uint8]:
		return v.GetData(), nil
	case *ort.Tensor[int8]:
		return view(v.GetData()), nil
	case *ort.Tensor[uint16]:
		return view(v.GetData()), nil
	case *ort.Tensor[int16]:
		return view(v.GetData()), nil
	case *ort.Tensor[uint32]:
		return view(v.GetData()), nil
	case *ort.Tensor[int32]:
		return view(v.GetData()), nil
	case *ort.Tensor[uint64]:
		return view(v.GetData()), nil
	case *ort.Tensor[int64]:
		return view(v.GetData()), nil
	case *ort.Tensor[float32]:
		return view(v.GetData()), nil
	case *ort.Tensor[float64]:
		return view(v.GetData()), nil
	case *ort.Tensor[bool]:
		return view(v.GetData()), nil
	}
	return nil, fmt.Errorf("the runtime returned a %T for %s", v, t)
}

func view[T any](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&s[0])), len(s)*int(unsafe.Sizeof(s[0])))
}

// encode writes an integer as an element of type t. FP16 knows only small
// integers, which is what padding is.
func encode(e *[8]byte, t tensor.Type, v int64) {
	switch t {
	case tensor.FP16:
		binary.LittleEndian.PutUint16(e[:], half(float32(v)))
	case tensor.FP32:
		binary.LittleEndian.PutUint32(e[:], math.Float32bits(float32(v)))
	case tensor.FP64:
		binary.LittleEndian.PutUint64(e[:], math.Float64bits(float64(v)))
	default: // the low bytes of a two's complement integer are the shorter integer
		binary.LittleEndian.PutUint64(e[:], uint64(v))
	}
}

// half cuts a float32 down to 16 bits, toward zero; out of range is infinity.
func half(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	exp := int(b>>23&0xff) - 127 + 15
	switch {
	case f == 0 || exp <= 0:
		return sign
	case exp >= 31:
		return sign | 0x7c00
	}
	return sign | uint16(exp)<<10 | uint16(b>>13&0x3ff)
}
