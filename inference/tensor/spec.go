package tensor

import (
	"fmt"
	"math"
)

// Any stands for a dimension of any size in a Spec.
const Any = -1

// MaxRank bounds the number of dimensions of a tensor. ONNX has no bound;
// nothing in use has more than eight.
const MaxRank = 16

// A Spec is an input or output as the model declares it.
type Spec struct {
	Name  string
	Type  Type
	Shape []int64 // Any where the model leaves the size open
}

// Fits says why a shape is not one that the spec allows, or nil. skip is the
// number of leading dimensions that the caller has checked already.
func (s *Spec) Fits(shape []int64, skip int) error {
	if len(shape) != len(s.Shape) {
		return fmt.Errorf("shape %v has %d dimensions, the model wants %d: %v", shape, len(shape), len(s.Shape), s.Shape)
	}
	for i, d := range shape {
		if i >= skip && s.Shape[i] != Any && s.Shape[i] != d {
			return fmt.Errorf("shape %v does not fit the model's %v", shape, s.Shape)
		}
	}
	return nil
}

// Bytes is the size of a tensor. It refuses negative dimensions, too many
// dimensions, and products that do not fit into an int.
func Bytes(t Type, shape []int64) (int, error) {
	if len(shape) > MaxRank {
		return 0, fmt.Errorf("shape has %d dimensions, at most %d are allowed", len(shape), MaxRank)
	}
	n := int64(t.Size())
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", shape)
		}
		if d > 0 && n > math.MaxInt64/d {
			return 0, fmt.Errorf("shape %v is too large", shape)
		}
		n *= d
	}
	return int(n), nil
}
