package backend

import (
	"errors"
	"fmt"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/signature"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// A Session is a model, loaded onto a device.
type Session struct {
	Signature *signature.Signature
	Device    *Device

	session *ort.DynamicAdvancedSession
}

// Load loads a model file. maxRows is the server's limit of rows a batch. The
// file may refer to files beside it, as models of more than 2 GB do.
func (d *Device) Load(path string, c *modelconfig.Config, maxRows int) (*Session, error) {
	o, err := d.SessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	in, out, err := describe(path)
	if err != nil {
		return nil, err
	}
	s, err := d.newSession(in, out, c, maxRows, func(in, out []string) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSession(path, in, out, o)
	})
	return s, reason(err)
}

// describe reads what a model takes and gives. The runtime tells only after
// loading, so this loads once more than needed: without optimizing, and never
// onto the GPU.
func describe(path string) (in, out []ort.InputOutputInfo, err error) {
	o, err := ort.NewSessionOptions()
	if err != nil {
		return nil, nil, fmt.Errorf("make session options: %w", err)
	}
	defer o.Destroy()
	if err := o.SetGraphOptimizationLevel(ort.GraphOptimizationLevelDisableAll); err != nil {
		return nil, nil, fmt.Errorf("switch off optimizations: %w", err)
	}
	in, out, err = ort.GetInputOutputInfoWithOptions(path, o)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", path, err)
	}
	return in, out, nil
}

// open loads a model from memory.
func (d *Device) open(model []byte, c *modelconfig.Config, maxRows int) (*Session, error) {
	o, err := d.SessionOptions()
	if err != nil {
		return nil, err
	}
	defer o.Destroy()
	in, out, err := ort.GetInputOutputInfoWithONNXData(model)
	if err != nil {
		return nil, fmt.Errorf("load a model: %w", err)
	}
	return d.newSession(in, out, c, maxRows, func(in, out []string) (*ort.DynamicAdvancedSession, error) {
		return ort.NewDynamicAdvancedSessionWithONNXData(model, in, out, o)
	})
}

func (d *Device) newSession(in, out []ort.InputOutputInfo, c *modelconfig.Config, maxRows int,
	load func(in, out []string) (*ort.DynamicAdvancedSession, error),
) (*Session, error) {
	inputs, err := specs(in)
	if err != nil {
		return nil, err
	}
	outputs, err := specs(out)
	if err != nil {
		return nil, err
	}
	if len(inputs) == 0 || len(outputs) == 0 {
		return nil, errors.New("the model has no inputs or no outputs")
	}
	sig, err := signature.New(inputs, outputs, c, maxRows)
	if err != nil {
		return nil, err
	}
	session, err := load(names(inputs), names(outputs))
	if err != nil {
		return nil, fmt.Errorf("load the model on %s: %w", d, err)
	}
	return &Session{Signature: sig, Device: d, session: session}, nil
}

// Close frees the model. No Runner of it may be in use.
func (s *Session) Close() error { return s.session.Destroy() }

func names(specs []tensor.Spec) []string {
	out := make([]string, len(specs))
	for i, s := range specs {
		out[i] = s.Name
	}
	return out
}

var elementTypes = map[ort.TensorElementDataType]tensor.Type{
	ort.TensorElementDataTypeBool:    tensor.Bool,
	ort.TensorElementDataTypeUint8:   tensor.Uint8,
	ort.TensorElementDataTypeUint16:  tensor.Uint16,
	ort.TensorElementDataTypeUint32:  tensor.Uint32,
	ort.TensorElementDataTypeUint64:  tensor.Uint64,
	ort.TensorElementDataTypeInt8:    tensor.Int8,
	ort.TensorElementDataTypeInt16:   tensor.Int16,
	ort.TensorElementDataTypeInt32:   tensor.Int32,
	ort.TensorElementDataTypeInt64:   tensor.Int64,
	ort.TensorElementDataTypeFloat16: tensor.FP16,
	ort.TensorElementDataTypeFloat:   tensor.FP32,
	ort.TensorElementDataTypeDouble:  tensor.FP64,
}

func ortType(t tensor.Type) ort.TensorElementDataType {
	for k, v := range elementTypes {
		if v == t {
			return k
		}
	}
	return ort.TensorElementDataTypeUndefined
}

func specs(infos []ort.InputOutputInfo) ([]tensor.Spec, error) {
	out := make([]tensor.Spec, len(infos))
	for i, info := range infos {
		t, ok := elementTypes[info.DataType]
		if info.OrtValueType != ort.ONNXTypeTensor || !ok {
			return nil, fmt.Errorf("%q is a %s of %s; only tensors of fixed-size elements are served",
				info.Name, info.OrtValueType, info.DataType)
		}
		if n := len(info.Dimensions); n < 1 || n > tensor.MaxRank {
			return nil, fmt.Errorf("%q has %d dimensions; 1 to %d are served", info.Name, n, tensor.MaxRank)
		}
		out[i] = tensor.Spec{Name: info.Name, Type: t, Shape: append([]int64{}, info.Dimensions...)}
		for k, d := range out[i].Shape {
			if d < 0 {
				out[i].Shape[k] = tensor.Any
			}
		}
	}
	return out, nil
}
