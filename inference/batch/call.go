package batch

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// Priority orders the queue. Equal priorities are served in order of arrival.
type Priority uint8

// The priorities. The zero value is Normal's place in the middle only by name:
// callers set it.
const (
	High Priority = iota
	Normal
	Low
	priorities // how many there are
)

// A Call is one request on its way through a Batcher. Get one from a Pool, fill
// in the exported fields, pass it to Do, read the Job's outputs, Release it.
type Call struct {
	tensor.Job

	// Body is memory for the request's body; inputs may point into it.
	Body []byte
	// Scratch is memory for input tensors that had to be decoded.
	Scratch []byte

	Priority Priority
	// Deadline is when the answer stops being of use; zero means never.
	Deadline time.Time

	// Gone, if set, is asked before the call is run after a long wait: whether
	// nobody waits for the answer any more.
	Gone func() bool

	// What happened to the call; readable after Do returned nil.
	Waited   time.Duration // in the queue
	Computed time.Duration // the run of its batch
	Batch    int           // rows of its batch

	arrived    time.Time
	err        error
	queued     bool          // guarded by the Batcher's mutex
	done       chan struct{} // holds one token when the worker is finished with the call
	timer      *time.Timer
	refs       atomic.Int32
	pool       *Pool
	prev, next *Call // in the queue
}

// A Pool keeps calls for one model.
type Pool struct {
	inputs, outputs int
	pool            sync.Pool
}

// NewPool makes a pool of calls with so many inputs and outputs.
func NewPool(inputs, outputs int) *Pool { return &Pool{inputs: inputs, outputs: outputs} }

// keep is the most memory that a call carries over to the next request. Larger
// ones are left to the garbage collector, or one huge request would make
// every call huge for good.
const keep = 1 << 20

// Get returns a call that belongs to the caller, with empty inputs.
func (p *Pool) Get() *Call {
	c, _ := p.pool.Get().(*Call)
	if c == nil {
		c = &Call{Job: *tensor.NewJob(p.inputs, p.outputs), done: make(chan struct{}, 1), pool: p}
		c.timer = time.NewTimer(time.Hour)
		c.timer.Stop()
	}
	select { // a token that nobody waited for
	case <-c.done:
	default:
	}
	c.refs.Store(1)
	c.Priority, c.Deadline, c.Gone, c.err = Normal, time.Time{}, nil, nil
	for i := range c.Inputs {
		c.Inputs[i].Shape, c.Inputs[i].Data = c.Inputs[i].Shape[:0], nil
	}
	return c
}

// Release gives the call back. Its memory must not be used any more.
func (c *Call) Release() {
	if c.refs.Add(-1) > 0 {
		return
	}
	size := cap(c.Body) + cap(c.Scratch)
	for i := range c.Outputs {
		size += cap(c.Outputs[i].Data)
	}
	if size <= keep {
		c.pool.pool.Put(c)
	}
}
