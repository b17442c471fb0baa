package tensor

import "slices"

// A Value is a tensor whose name and type are known from its place.
type Value struct {
	Shape []int64
	Data  []byte
}

// Set gives v a shape and the room for its bytes, reusing what it has.
func (v *Value) Set(shape []int64, bytes int) {
	v.Shape = append(v.Shape[:0], shape...)
	v.Data = slices.Grow(v.Data[:0], bytes)[:bytes]
}

// A Job is what one request wants computed: a value for each input of the
// model, in the model's order, and after the run one for each output.
//
// Jobs are used again and again, and their Outputs keep their memory between
// uses. Inputs may point into a request's body.
type Job struct {
	Inputs  []Value
	Outputs []Value

	// Rows is the size of the first dimension; 1 for a model that does not
	// batch. Set by Signature.Check.
	Rows int
	// Class is what must be equal between the jobs of one batch: the sizes of
	// all other dimensions, after padding. Set by Signature.Check.
	Class []int64
}

// NewJob makes a job with room for so many inputs and outputs.
func NewJob(inputs, outputs int) *Job {
	return &Job{Inputs: make([]Value, inputs), Outputs: make([]Value, outputs)}
}
