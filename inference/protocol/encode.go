package protocol

import (
	"encoding/binary"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// Encode appends the response to a request: JSON, and after it the outputs
// that were wanted in binary. header is the length of the JSON, or -1 if
// everything is JSON.
func (r *Infer) Encode(dst []byte, model, version string, sig *signature.Signature, c *batch.Call) (out []byte, header int, err error) {
	header = -1
	start := len(dst)
	dst = append(dst, `{"model_name":`...)
	dst = AppendString(dst, model)
	dst = append(dst, `,"model_version":`...)
	dst = AppendString(dst, version)
	if len(r.ID) > 0 {
		dst = append(dst, `,"id":`...)
		dst = AppendString(dst, r.ID)
	}
	dst = append(dst, `,"outputs":[`...)
	for i, w := range r.Outputs {
		if i > 0 {
			dst = append(dst, ',')
		}
		spec, v := &sig.Outputs[w.Index], &c.Outputs[w.Index]
		dst = append(dst, `{"name":`...)
		dst = AppendString(dst, spec.Name)
		dst = append(dst, `,"datatype":"`...)
		dst = append(dst, spec.Type.String()...)
		dst = append(dst, `","shape":[`...)
		for k, d := range v.Shape {
			if k > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendInt(dst, d, 10)
		}
		if w.Binary {
			header = 0
			dst = append(dst, `],"parameters":{"binary_data_size":`...)
			dst = strconv.AppendInt(dst, int64(len(v.Data)), 10)
			dst = append(dst, `}}`...)
			continue
		}
		dst = append(dst, `],"data":[`...)
		if dst, err = appendElements(dst, spec.Type, v.Data); err != nil {
			return nil, 0, Errorf(Internal, "output %q: %v", spec.Name, err)
		}
		dst = append(dst, `]}`...)
	}
	dst = append(dst, `]}`...)
	if header < 0 {
		return dst, -1, nil
	}
	header = len(dst) - start
	for _, w := range r.Outputs {
		if w.Binary {
			dst = append(dst, c.Outputs[w.Index].Data...)
		}
	}
	return dst, header, nil
}

type formError string

func (e formError) Error() string { return string(e) }

func appendElements(dst []byte, t tensor.Type, data []byte) ([]byte, error) {
	if !tensor.Finite(t, data) {
		return nil, formError("the model computed a NaN or an infinity, which JSON cannot say; ask for binary data")
	}
	if t == tensor.FP16 {
		return nil, formError("FP16 has no JSON form; ask for binary data")
	}
	le := binary.LittleEndian
	size := t.Size()
	for i := 0; i < len(data); i += size {
		if i > 0 {
			dst = append(dst, ',')
		}
		e := data[i : i+size]
		switch t {
		case tensor.Bool:
			dst = strconv.AppendBool(dst, e[0] != 0)
		case tensor.Uint8:
			dst = strconv.AppendUint(dst, uint64(e[0]), 10)
		case tensor.Uint16:
			dst = strconv.AppendUint(dst, uint64(le.Uint16(e)), 10)
		case tensor.Uint32:
			dst = strconv.AppendUint(dst, uint64(le.Uint32(e)), 10)
		case tensor.Uint64:
			dst = strconv.AppendUint(dst, le.Uint64(e), 10)
		case tensor.Int8:
			dst = strconv.AppendInt(dst, int64(int8(e[0])), 10)
		case tensor.Int16:
			dst = strconv.AppendInt(dst, int64(int16(le.Uint16(e))), 10)
		case tensor.Int32:
			dst = strconv.AppendInt(dst, int64(int32(le.Uint32(e))), 10)
		case tensor.Int64:
			dst = strconv.AppendInt(dst, int64(le.Uint64(e)), 10)
		case tensor.FP32:
			dst = strconv.AppendFloat(dst, float64(math.Float32frombits(le.Uint32(e))), 'g', -1, 32)
		case tensor.FP64:
			dst = strconv.AppendFloat(dst, math.Float64frombits(le.Uint64(e)), 'g', -1, 64)
		}
	}
	return dst, nil
}

// AppendString writes a JSON string. What is not UTF-8 becomes the replacement
// character.
func AppendString[S string | []byte](dst []byte, s S) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range string(s) {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// AppendError appends the protocol's error object.
func AppendError(dst []byte, message string) []byte {
	dst = append(dst, `{"error":`...)
	return append(AppendString(dst, message), '}')
}
