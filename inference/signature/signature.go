// Package signature is what a loaded model takes and gives, and the check
// that a request fits. Everything that could make the runtime fail on one
// request is refused here, because inside a batch it would take the other
// requests down with it.
package signature

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/mlfleet/mlfleet/inference/modelconfig"
	"github.com/mlfleet/mlfleet/inference/tensor"
)

// A Signature describes a model version. It is immutable.
type Signature struct {
	Inputs, Outputs []tensor.Spec
	// Batched models have a first dimension of any size in every input and
	// output; rows of several requests may then share a run.
	Batched bool
	// MaxRows is the most rows of one run, 1 for models that are not batched.
	MaxRows int
	// Pads has an entry for each input; nil for one that is not padded.
	Pads []*modelconfig.Pad
	// Ranges has an entry for each input; nil for one that takes any value.
	Ranges         []*modelconfig.Range
	AllowNonFinite bool
}

// New combines what the model declares, what its configuration says and the
// server's own limit of rows.
func New(inputs, outputs []tensor.Spec, c *modelconfig.Config, maxRows int) (*Signature, error) {
	s := &Signature{
		Inputs: inputs, Outputs: outputs, MaxRows: 1,
		Pads:   make([]*modelconfig.Pad, len(inputs)),
		Ranges: make([]*modelconfig.Range, len(inputs)), AllowNonFinite: c.AllowNonFinite,
	}
	s.Batched = !c.NoBatching && open(inputs) && open(outputs)
	if s.Batched {
		s.MaxRows = max(maxRows, 1)
		if c.MaxBatchSize > 0 {
			s.MaxRows = min(s.MaxRows, c.MaxBatchSize)
		}
	}
	for name, pad := range c.Pad {
		i := slices.IndexFunc(inputs, func(sp tensor.Spec) bool { return sp.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("pad names the input %q, which the model does not have", name)
		}
		if len(inputs[i].Shape) < 2 || inputs[i].Shape[1] != tensor.Any {
			return nil, fmt.Errorf("pad of input %q: its second dimension is not open: %v", name, inputs[i].Shape)
		}
		if !s.Batched {
			return nil, fmt.Errorf("pad of input %q: the model is not batched", name)
		}
		s.Pads[i] = &pad
	}
	for name, r := range c.Range {
		i := slices.IndexFunc(inputs, func(sp tensor.Spec) bool { return sp.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("range names the input %q, which the model does not have", name)
		}
		if t := inputs[i].Type; t != tensor.Int32 && t != tensor.Int64 {
			return nil, fmt.Errorf("range of input %q: only INT32 and INT64 have one, not %s", name, t)
		}
		s.Ranges[i] = &r
	}
	if len(c.Pad) > 0 && !s.FixedOutputs() {
		return nil, fmt.Errorf("padding needs outputs of fixed size after the first dimension, or the padding would show in them")
	}
	return s, nil
}

func open(specs []tensor.Spec) bool {
	return len(specs) > 0 && !slices.ContainsFunc(specs, func(s tensor.Spec) bool {
		return len(s.Shape) == 0 || s.Shape[0] != tensor.Any
	})
}

// FixedOutputs says whether the sizes of the outputs follow from the number of
// rows alone.
func (s *Signature) FixedOutputs() bool {
	return !slices.ContainsFunc(s.Outputs, func(o tensor.Spec) bool {
		return slices.Contains(o.Shape[min(s.skip(), len(o.Shape)):], tensor.Any)
	})
}

// skip is the number of leading dimensions that batching owns.
func (s *Signature) skip() int {
	if s.Batched {
		return 1
	}
	return 0
}

// Input finds an input by name, or returns -1.
func (s *Signature) Input(name []byte) int {
	for i := range s.Inputs {
		if s.Inputs[i].Name == string(name) {
			return i
		}
	}
	return -1
}

// Output finds an output by name, or returns -1.
func (s *Signature) Output(name []byte) int {
	for i := range s.Outputs {
		if s.Outputs[i].Name == string(name) {
			return i
		}
	}
	return -1
}

// Check validates a job's inputs and sets its Rows and Class. The error is for
// the client.
func (s *Signature) Check(j *tensor.Job) error {
	j.Rows, j.Class = 1, j.Class[:0]
	for i := range j.Inputs {
		in, spec := &j.Inputs[i], &s.Inputs[i]
		if err := s.checkInput(in, spec, s.Ranges[i]); err != nil {
			return fmt.Errorf("input %q: %w", spec.Name, err)
		}
		if s.Batched {
			if i == 0 {
				j.Rows = int(in.Shape[0])
			} else if in.Shape[0] != int64(j.Rows) {
				return fmt.Errorf("input %q has %d rows, input %q has %d", spec.Name, in.Shape[0], s.Inputs[0].Name, j.Rows)
			}
		}
		at := len(j.Class)
		j.Class = append(j.Class, in.Shape[s.skip():]...)
		if pad := s.Pads[i]; pad != nil {
			n, err := pad.Length(in.Shape[1])
			if err != nil {
				return fmt.Errorf("input %q: %w", spec.Name, err)
			}
			j.Class[at] = n
		}
	}
	return nil
}

func (s *Signature) checkInput(in *tensor.Value, spec *tensor.Spec, r *modelconfig.Range) error {
	if err := spec.Fits(in.Shape, s.skip()); err != nil {
		return err
	}
	size, err := tensor.Bytes(spec.Type, in.Shape)
	if err != nil {
		return err
	}
	if size != len(in.Data) {
		return fmt.Errorf("shape %v of %s takes %d bytes, got %d", in.Shape, spec.Type, size, len(in.Data))
	}
	if size == 0 {
		return fmt.Errorf("shape %v has no elements", in.Shape)
	}
	if s.Batched && in.Shape[0] > int64(s.MaxRows) {
		return fmt.Errorf("%d rows, at most %d are served at once", in.Shape[0], s.MaxRows)
	}
	if !s.AllowNonFinite && !tensor.Finite(spec.Type, in.Data) {
		return fmt.Errorf("has a NaN or an infinity, which this model does not take")
	}
	if r != nil {
		if v, ok := outside(spec.Type, in.Data, r); ok {
			return fmt.Errorf("has the value %d, the model takes %d to %d", v, r.Min, r.Max)
		}
	}
	return nil
}

// outside finds a value that is not in a range.
func outside(t tensor.Type, data []byte, r *modelconfig.Range) (int64, bool) {
	size := t.Size()
	for ; len(data) >= size; data = data[size:] {
		v := int64(int32(binary.LittleEndian.Uint32(data)))
		if size == 8 {
			v = int64(binary.LittleEndian.Uint64(data))
		}
		if v < r.Min || v > r.Max {
			return v, true
		}
	}
	return 0, false
}

// Shape appends the full shape of input i in a run of so many rows.
func (s *Signature) Shape(dst []int64, i, rows int, class []int64) []int64 {
	for k := range i {
		class = class[len(s.Inputs[k].Shape)-s.skip():]
	}
	if s.Batched {
		dst = append(dst, int64(rows))
	}
	return append(dst, class[:len(s.Inputs[i].Shape)-s.skip()]...)
}

// Buckets are the numbers of rows that are run: all up to 8, and then four
// steps to each doubling, so that filling up costs at most a fifth, and warming
// up every bucket stays possible.
func (s *Signature) Buckets() []int {
	var out []int
	for n := 1; n < s.MaxRows; {
		out = append(out, n)
		step := 1
		for n >= 8*step {
			step *= 2
		}
		n += step
	}
	return append(out, s.MaxRows)
}

// Classes are the classes that are known beforehand: one for each padded
// length if only padding leaves sizes open, else none.
func (s *Signature) Classes() [][]int64 {
	lengths := []int64{1}
	for _, p := range s.Pads {
		if p != nil && len(p.Lengths()) > len(lengths) {
			lengths = p.Lengths()
		}
	}
	var out [][]int64
	for _, n := range lengths {
		var class []int64
		for i, spec := range s.Inputs {
			rest := slices.Clone(spec.Shape[s.skip():])
			if p := s.Pads[i]; p != nil {
				rest[0], _ = p.Length(min(n, p.Max))
			}
			if slices.Contains(rest, tensor.Any) {
				return nil
			}
			class = append(class, rest...)
		}
		out = append(out, class)
	}
	return out
}
