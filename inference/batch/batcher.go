package batch

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// Errors that Do answers, besides those of the context and of the run.
var (
	ErrFull    = errors.New("the queue is full")
	ErrClosed  = errors.New("the model is being unloaded")
	ErrExpired = errors.New("the request's deadline passed before an answer was ready")
	ErrGone    = errors.New("the client went away")
)

// A Runner runs batches; see backend.Runner.
type Runner interface {
	Run(jobs []*tensor.Job) error
}

// A Meter is told what happens. Its methods are called often and must be quick.
type Meter interface {
	// Waited is called for each call when its batch starts.
	Waited(d time.Duration)
	// Ran is called after each run.
	Ran(rows int, d time.Duration)
	// Dropped is called for each call that left the queue unserved.
	Dropped(err error)
}

// Options of a Batcher.
type Options struct {
	MaxRows   int           // of a batch
	MaxDelay  time.Duration // that a call waits for others
	MaxQueued int           // calls waiting; more are refused
}

// A Batcher batches the calls for one model.
type Batcher struct {
	runner Runner
	meter  Meter
	opts   Options

	mu     sync.Mutex
	queue  queue
	wanted int // rows at which the waiting worker wants to be woken; 0 when it is busy
	closed bool
	wake   chan struct{}
	ended  chan struct{}

	running atomic.Int64 // when the current run started, Unix nanoseconds; 0 if none

	// The worker's own.
	batch    []*Call
	jobs     []*tensor.Job
	expected int // rows that were in the server when the last run ended
	delay    *time.Timer
}

// New starts a Batcher.
func New(r Runner, m Meter, o Options) *Batcher {
	b := &Batcher{
		runner: r, meter: m, opts: o,
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
		delay: time.NewTimer(time.Hour), expected: 1,
	}
	go b.work()
	return b
}

// Close refuses new calls, serves those that wait, and returns when the worker
// has ended. It may be called once.
func (b *Batcher) Close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.rouse()
	<-b.ended
}

// Queued is the number of calls that wait. It is asked for when somebody wants
// to know, not reported on every change: reports that overtake each other would
// leave a wrong number standing on an idle server.
func (b *Batcher) Queued() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queue.calls
}

// Stalled is how long the current run has been going on, 0 if there is none.
func (b *Batcher) Stalled() time.Duration {
	started := b.running.Load()
	if started == 0 {
		return 0
	}
	return time.Since(time.Unix(0, started))
}

func (b *Batcher) rouse() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Do queues a call and waits for its outputs, for its deadline, or for the end
// of ctx. In the last two cases a call that still waited has left the queue,
// and one that was being run goes on without anybody waiting for it.
func (b *Batcher) Do(ctx context.Context, c *Call) error {
	c.arrived = time.Now()
	var expired <-chan time.Time
	if !c.Deadline.IsZero() {
		left := c.Deadline.Sub(c.arrived)
		if left <= 0 {
			b.meter.Dropped(ErrExpired)
			return ErrExpired
		}
		c.timer.Reset(left)
		defer c.timer.Stop()
		expired = c.timer.C
	}
	if err := b.enqueue(c); err != nil {
		b.meter.Dropped(err)
		return err
	}
	var err error
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-expired:
		err = ErrExpired
	}
	b.leave(c, err)
	return err
}

func (b *Batcher) enqueue(c *Call) error {
	b.mu.Lock()
	switch {
	case b.closed:
		b.mu.Unlock()
		return ErrClosed
	case b.queue.calls >= b.opts.MaxQueued:
		b.mu.Unlock()
		return ErrFull
	}
	c.refs.Add(1)
	b.queue.push(c)
	wake := b.wanted > 0 && b.queue.rows >= b.wanted
	if wake {
		b.wanted = 0
	}
	b.mu.Unlock()
	if wake {
		b.rouse()
	}
	return nil
}

// leave takes a call out of the queue if it is still there.
func (b *Batcher) leave(c *Call, why error) {
	b.mu.Lock()
	queued := c.queued
	if queued {
		b.queue.remove(c)
	}
	b.mu.Unlock()
	if queued {
		b.meter.Dropped(why)
		c.Release()
	}
}

// work is the worker: wait for calls, run them, hand out the outputs.
func (b *Batcher) work() {
	defer close(b.ended)
	for b.collect() {
		b.runBatch()
	}
}

// collect fills b.batch. It returns false when the Batcher is closed and
// nothing waits any more.
func (b *Batcher) collect() bool {
	b.mu.Lock()
	for {
		if b.queue.calls == 0 {
			if b.closed {
				b.mu.Unlock()
				return false
			}
			b.sleep(1, -1)
			continue
		}
		// What is queued already, plus what probably comes: see the package.
		want := min(b.expected, b.opts.MaxRows)
		patience := b.opts.MaxDelay - time.Since(b.queue.oldest().arrived)
		if b.queue.rows >= want || patience <= 0 || b.closed {
			break
		}
		b.sleep(want, patience)
	}
	b.batch = b.queue.take(b.batch[:0], b.opts.MaxRows)
	b.mu.Unlock()
	return true
}

// sleep waits, without the mutex, until so many rows are queued or patience
// runs out; a negative patience never does.
func (b *Batcher) sleep(rows int, patience time.Duration) {
	b.wanted = rows
	b.mu.Unlock()
	if patience < 0 {
		<-b.wake
	} else {
		b.delay.Reset(patience)
		select {
		case <-b.wake:
		case <-b.delay.C:
		}
		b.delay.Stop()
	}
	b.mu.Lock()
	b.wanted = 0
}

func (b *Batcher) runBatch() {
	start := time.Now()
	b.jobs = b.jobs[:0]
	rows := 0
	kept := b.batch[:0]
	for _, c := range b.batch {
		if err := obsolete(c, start); err != nil {
			b.meter.Dropped(err)
			b.finish(c, err)
			continue
		}
		kept = append(kept, c)
		c.Waited = start.Sub(c.arrived)
		b.meter.Waited(c.Waited)
		b.jobs = append(b.jobs, &c.Job)
		rows += c.Rows
	}
	b.batch = kept
	if rows > 0 {
		err := b.run(b.jobs)
		took := time.Since(start)
		b.meter.Ran(rows, took)
		// Before anybody gets an answer: who comes back at once is counted in
		// rows already.
		b.mu.Lock()
		b.expected = rows + b.queue.rows
		b.mu.Unlock()
		for _, c := range b.batch {
			c.Computed, c.Batch = took, rows
		}
		b.handOut(err)
	}
	clear(b.batch)
	clear(b.jobs)
}

// askAfter is the wait after which a call is asked whether it is still wanted.
// Clients do not leave within it, and asking costs a system call.
const askAfter = 10 * time.Millisecond

// obsolete says why a call need not be run any more, or nil.
func obsolete(c *Call, now time.Time) error {
	switch {
	case !c.Deadline.IsZero() && !c.Deadline.After(now):
		return ErrExpired
	case c.Gone != nil && now.Sub(c.arrived) > askAfter && c.Gone():
		return ErrGone
	}
	return nil
}

// handOut finishes the calls of a batch. A run fails as a whole, so after a
// failure each call gets a run of its own: one request's bad indices must not
// fail the requests that happened to arrive with it.
func (b *Batcher) handOut(err error) {
	for i, c := range b.batch {
		own := err
		if err != nil && len(b.batch) > 1 {
			own = b.run(b.jobs[i : i+1])
		}
		b.finish(c, own)
	}
}

func (b *Batcher) finish(c *Call, err error) {
	c.err = err
	c.done <- struct{}{} // has room: one token a call
	c.Release()
}

// run runs jobs. A panic of the runner is an error like any other: the worker
// must live, or the model would hang.
func (b *Batcher) run(jobs []*tensor.Job) (err error) {
	b.running.Store(time.Now().UnixNano())
	defer func() {
		b.running.Store(0)
		if p := recover(); p != nil {
			err = fmt.Errorf("the run panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return b.runner.Run(jobs)
}
