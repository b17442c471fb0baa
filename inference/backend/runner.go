package backend

import (
	"encoding/binary"
	"fmt"
	"slices"

	ort "github.com/yalue/onnxruntime_go"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// maxBindings bounds what a Runner remembers: clients of a model with open
// dimensions could otherwise make it remember without end.
const maxBindings = 512

// A Runner runs batches of one Session. It is used by one goroutine at a time.
type Runner struct {
	s        *Session
	thread   *thread // nil on the CPU
	buckets  []int
	in, out  []region
	bindings map[string]*binding
	key      []byte
	shape    []int64
}

// A binding is the tensors of one size, laid over the Runner's memory. On the
// CPU it ties them to the session, and the runtime then needs no further word
// to run them. On a GPU it must not: there the runtime copies an input to the
// device when it is tied, and never looks at the memory again.
type binding struct {
	rows    int
	rowSize []int // bytes of a row of each input
	inputs  []ort.Value
	outputs []ort.Value    // nil if the runtime must allocate them
	outRow  []int          // bytes of a row of each output
	io      *ort.IoBinding // nil on a GPU, and if the runtime allocates the outputs
}

// NewRunner makes a Runner. The caller closes it.
func (s *Session) NewRunner() *Runner {
	r := &Runner{
		s: s, buckets: s.Signature.Buckets(),
		in: make([]region, len(s.Signature.Inputs)), out: make([]region, len(s.Signature.Outputs)),
		bindings: map[string]*binding{},
	}
	if s.Device.Kind != CPU {
		r.thread = newThread()
	}
	return r
}

// Close frees the Runner's memory.
func (r *Runner) Close() {
	if r.thread != nil {
		r.thread.close()
	}
	r.forget()
	for _, regions := range [][]region{r.in, r.out} {
		for i := range regions {
			regions[i].free()
		}
	}
}

func (r *Runner) forget() {
	for _, b := range r.bindings {
		b.destroy()
	}
	clear(r.bindings)
}

func (b *binding) destroy() {
	if b.io != nil {
		b.io.Destroy()
	}
	for _, v := range slices.Concat(b.inputs, b.outputs) {
		v.Destroy()
	}
}

// Run computes the outputs of jobs in one run. The jobs are of one class and
// their rows together no more than the model's limit. An error concerns all of
// them.
func (r *Runner) Run(jobs []*tensor.Job) error {
	rows := 0
	for _, j := range jobs {
		rows += j.Rows
	}
	bucket := r.bucket(rows)
	b, err := r.bind(bucket, jobs[0].Class)
	if err != nil {
		return err
	}
	r.load(b, jobs)
	r.s.Device.mu.Lock()
	defer r.s.Device.mu.Unlock()
	if r.thread != nil {
		return r.thread.do(func() error { return r.compute(b, jobs) })
	}
	return r.compute(b, jobs)
}

// compute runs the model on what load has copied, and gives the jobs their
// outputs.
func (r *Runner) compute(b *binding, jobs []*tensor.Job) error {
	if b.outputs == nil {
		return r.runOpen(b, jobs)
	}
	if err := r.runBound(b); err != nil {
		return fmt.Errorf("run %d rows: %w", b.rows, err)
	}
	r.store(b, jobs)
	return nil
}

func (r *Runner) runBound(b *binding) error {
	if b.io == nil {
		return r.s.session.Run(b.inputs, b.outputs)
	}
	return r.s.session.RunWithBinding(b.io)
}

// bucket is the smallest number of rows to run that holds so many.
func (r *Runner) bucket(rows int) int {
	i, _ := slices.BinarySearch(r.buckets, rows)
	return r.buckets[min(i, len(r.buckets)-1)]
}

// load copies the jobs' inputs into the Runner's memory, row under row, fills
// short rows with the padding value and unused ones with zero.
func (r *Runner) load(b *binding, jobs []*tensor.Job) {
	for i := range r.in {
		mem, at := r.in[i].mem, 0
		size := b.rowSize[i]
		pad := r.s.Signature.Pads[i]
		for _, j := range jobs {
			data := j.Inputs[i].Data
			have := len(data) / j.Rows
			if have == size {
				at += copy(mem[at:], data)
				continue
			}
			for k := range j.Rows {
				n := copy(mem[at:], data[k*have:(k+1)*have])
				fill(mem[at+n:at+size], r.s.Signature.Inputs[i].Type, pad.Value)
				at += size
			}
		}
		clear(mem[at : b.rows*size])
	}
}

// store copies each job's rows of the outputs to it.
func (r *Runner) store(b *binding, jobs []*tensor.Job) {
	for o := range r.out {
		mem, size := r.out[o].mem, b.outRow[o]
		for _, j := range jobs {
			out, spec := &j.Outputs[o], &r.s.Signature.Outputs[o]
			out.Set(spec.Shape, j.Rows*size)
			if r.s.Signature.Batched {
				out.Shape[0] = int64(j.Rows)
			}
			mem = mem[copy(out.Data, mem):]
		}
	}
}

// fill writes a padding value, as an element of type t, all over mem.
func fill(mem []byte, t tensor.Type, value int64) {
	if value == 0 {
		clear(mem)
		return
	}
	var e [8]byte
	encode(&e, t, value)
	for size := t.Size(); len(mem) >= size; mem = mem[size:] {
		copy(mem, e[:size])
	}
}

// bind finds or makes the binding for a size.
func (r *Runner) bind(rows int, class []int64) (*binding, error) {
	r.key = binary.AppendVarint(r.key[:0], int64(rows))
	for _, d := range class {
		r.key = binary.AppendVarint(r.key, d)
	}
	if b, ok := r.bindings[string(r.key)]; ok {
		return b, nil
	}
	if err := r.makeRoom(rows, class); err != nil {
		return nil, err
	}
	b := &binding{rows: rows}
	if err := r.fillBinding(b, class); err != nil {
		b.destroy()
		return nil, fmt.Errorf("bind %d rows: %w", rows, err)
	}
	r.bindings[string(r.key)] = b
	return b, nil
}

// makeRoom sees to it that the memory holds a run of that size. Growing moves
// it, so the bindings to the old memory must go first.
func (r *Runner) makeRoom(rows int, class []int64) error {
	if len(r.bindings) >= maxBindings {
		r.forget()
	}
	sig := r.s.Signature
	ensure := func(reg *region, t tensor.Type, shape []int64) error {
		n, err := tensor.Bytes(t, shape)
		if err != nil || reg.fits(n) {
			return err
		}
		r.forget()
		return reg.grow(n)
	}
	for i, spec := range sig.Inputs {
		r.shape = sig.Shape(r.shape[:0], i, rows, class)
		if err := ensure(&r.in[i], spec.Type, r.shape); err != nil {
			return err
		}
	}
	if !sig.FixedOutputs() {
		return nil
	}
	for i, spec := range sig.Outputs {
		if err := ensure(&r.out[i], spec.Type, r.outShape(i, rows)); err != nil {
			return err
		}
	}
	return nil
}

func (r *Runner) outShape(i, rows int) []int64 {
	r.shape = append(r.shape[:0], r.s.Signature.Outputs[i].Shape...)
	if r.s.Signature.Batched {
		r.shape[0] = int64(rows)
	}
	return r.shape
}

func (r *Runner) fillBinding(b *binding, class []int64) error {
	sig := r.s.Signature
	value := func(reg *region, t tensor.Type, shape []int64) (ort.Value, int, error) {
		n, err := tensor.Bytes(t, shape)
		if err != nil {
			return nil, 0, err
		}
		v, err := ort.NewCustomDataTensor(ort.NewShape(shape...), reg.mem[:n], ortType(t))
		return v, n / b.rows, err
	}
	for i, spec := range sig.Inputs {
		r.shape = sig.Shape(r.shape[:0], i, b.rows, class)
		v, size, err := value(&r.in[i], spec.Type, r.shape)
		if err != nil {
			return fmt.Errorf("input %q: %w", spec.Name, err)
		}
		b.inputs, b.rowSize = append(b.inputs, v), append(b.rowSize, size)
	}
	if !sig.FixedOutputs() {
		return nil
	}
	for i, spec := range sig.Outputs {
		v, size, err := value(&r.out[i], spec.Type, r.outShape(i, b.rows))
		if err != nil {
			return fmt.Errorf("output %q: %w", spec.Name, err)
		}
		b.outputs, b.outRow = append(b.outputs, v), append(b.outRow, size)
	}
	if r.s.Device.Kind != CPU {
		return nil
	}
	return r.tie(b)
}

func (r *Runner) tie(b *binding) (err error) {
	if b.io, err = r.s.session.CreateIoBinding(); err != nil {
		return err
	}
	for i, v := range b.inputs {
		if err := b.io.BindInput(r.s.Signature.Inputs[i].Name, v); err != nil {
			return err
		}
	}
	for i, v := range b.outputs {
		if err := b.io.BindOutput(r.s.Signature.Outputs[i].Name, v); err != nil {
			return err
		}
	}
	return nil
}
