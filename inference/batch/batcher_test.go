package batch

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// A script is a Runner that does what a test says and remembers the batches.
type script struct {
	mu      sync.Mutex
	batches [][]int64 // the ids of the calls of each run
	enter   chan struct{}
	leave   chan struct{}
	fail    func(ids []int64) error
}

func (s *script) Run(jobs []*tensor.Job) error {
	var ids []int64
	for _, j := range jobs {
		ids = append(ids, j.Inputs[0].Shape[0])
		j.Outputs[0].Set([]int64{j.Inputs[0].Shape[0]}, 0)
	}
	s.mu.Lock()
	s.batches = append(s.batches, ids)
	s.mu.Unlock()
	if s.enter != nil {
		s.enter <- struct{}{}
		<-s.leave
	}
	if s.fail != nil {
		return s.fail(ids)
	}
	return nil
}

// tally is a Meter that counts.
type tally struct {
	mu      sync.Mutex
	rows    []int
	dropped []error
	waited  int
}

func (m *tally) Waited(time.Duration) { m.mu.Lock(); m.waited++; m.mu.Unlock() }
func (m *tally) Ran(rows int, _ time.Duration) {
	m.mu.Lock()
	m.rows = append(m.rows, rows)
	m.mu.Unlock()
}
func (m *tally) Dropped(err error) { m.mu.Lock(); m.dropped = append(m.dropped, err); m.mu.Unlock() }

func start(t *testing.T, s *script, o Options) (*Batcher, *tally, *Pool) {
	t.Helper()
	m := &tally{}
	if o.MaxQueued == 0 {
		o.MaxQueued = 100
	}
	return New(s, m, o), m, NewPool(1, 1)
}

// call makes a call with an id that the script sees.
func call(p *Pool, id int64, rows int) *Call {
	c := p.Get()
	c.Inputs[0].Shape = append(c.Inputs[0].Shape, id)
	c.Rows, c.Class = rows, c.Class[:0]
	return c
}

// gated starts a Batcher whose worker is inside a run, so that what is queued
// now stays queued until release is called.
func gated(t *testing.T, o Options) (b *Batcher, s *script, m *tally, p *Pool, release func()) {
	t.Helper()
	s = &script{enter: make(chan struct{}), leave: make(chan struct{})}
	b, m, p = start(t, s, o)
	var first sync.WaitGroup
	first.Go(func() {
		c := call(p, 0, 1)
		defer c.Release()
		if err := b.Do(context.Background(), c); err != nil {
			t.Errorf("the first call: %v", err)
		}
	})
	<-s.enter
	return b, s, m, p, func() {
		s.leave <- struct{}{}
		go func() { // let all later runs through
			for range s.enter {
				s.leave <- struct{}{}
			}
		}()
		first.Wait()
		t.Cleanup(func() { b.Close(); close(s.enter) })
	}
}

// enqueue sends calls one after the other, each when the one before is queued.
func enqueue(t *testing.T, b *Batcher, calls ...*Call) (wait func() []error) {
	t.Helper()
	errs := make([]error, len(calls))
	var wg sync.WaitGroup
	for i, c := range calls {
		n := b.Queued()
		wg.Go(func() { errs[i] = b.Do(context.Background(), c); c.Release() })
		for b.Queued() == n {
			runtime.Gosched()
		}
	}
	return func() []error { wg.Wait(); return errs }
}

func TestWhatIsQueuedIsRunTogether(t *testing.T) {
	b, s, m, p, release := gated(t, Options{MaxRows: 8})
	wait := enqueue(t, b, call(p, 1, 1), call(p, 2, 3), call(p, 3, 4), call(p, 4, 1))
	release()
	for _, err := range wait() {
		if err != nil {
			t.Error(err)
		}
	}
	want := [][]int64{{0}, {1, 2, 3}, {4}}
	if !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("batches %v, want %v: whole calls, in order, no more than 8 rows", s.batches, want)
	}
	if m.waited != 5 || !slices.Equal(m.rows, []int{1, 8, 1}) {
		t.Errorf("measured %d waits and batches of %v rows", m.waited, m.rows)
	}
}

func TestCallsOfOtherClassesAreRunApart(t *testing.T) {
	b, s, _, p, release := gated(t, Options{MaxRows: 8})
	calls := []*Call{call(p, 1, 1), call(p, 2, 1), call(p, 3, 1), call(p, 4, 1)}
	for i, c := range calls {
		c.Class = append(c.Class, int64(i%2))
	}
	wait := enqueue(t, b, calls...)
	release()
	wait()
	want := [][]int64{{0}, {1, 3}, {2, 4}}
	if !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("batches %v, want %v", s.batches, want)
	}
}

func TestPrioritiesGoFirstButNotForEver(t *testing.T) {
	b, s, _, p, release := gated(t, Options{MaxRows: 1})
	low := call(p, 99, 1)
	low.Priority = Low
	calls := []*Call{low}
	for i := range int64(12) {
		c := call(p, i+1, 1)
		c.Priority = High
		calls = append(calls, c)
	}
	wait := enqueue(t, b, calls...)
	release()
	wait()
	at := slices.IndexFunc(s.batches, func(ids []int64) bool { return ids[0] == 99 })
	if at <= 1 {
		t.Error("the call of low priority was run before those of high priority")
	}
	if at == len(s.batches)-1 {
		t.Error("the call of low priority had to wait until no other was left")
	}
}

func TestAFullQueueRefuses(t *testing.T) {
	b, _, m, p, release := gated(t, Options{MaxRows: 8, MaxQueued: 2})
	wait := enqueue(t, b, call(p, 1, 1), call(p, 2, 1))
	c := call(p, 3, 1)
	if err := b.Do(context.Background(), c); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	c.Release()
	release()
	for _, err := range wait() {
		if err != nil {
			t.Error(err)
		}
	}
	if len(m.dropped) != 1 || !errors.Is(m.dropped[0], ErrFull) {
		t.Errorf("measured %v", m.dropped)
	}
}

func TestACancelledCallLeavesTheQueue(t *testing.T) {
	b, s, _, p, release := gated(t, Options{MaxRows: 8, MaxQueued: 1})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	c := call(p, 1, 1)
	go func() { done <- b.Do(ctx, c); c.Release() }()
	for b.Queued() == 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if n := b.Queued(); n != 0 {
		t.Errorf("%d calls are queued", n)
	}
	wait := enqueue(t, b, call(p, 2, 1)) // its place is free
	release()
	wait()
	if want := [][]int64{{0}, {2}}; !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("batches %v, want %v", s.batches, want)
	}
}

func TestACallIsGivenUpWhileItRuns(t *testing.T) {
	s := &script{enter: make(chan struct{}), leave: make(chan struct{})}
	b, _, p := start(t, s, Options{MaxRows: 8})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	c := call(p, 1, 1)
	go func() { done <- b.Do(ctx, c); c.Release() }()
	<-s.enter
	if b.Stalled() <= 0 {
		t.Error("a run that goes on does not show")
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s.leave <- struct{}{}
	go func() { <-s.enter; s.leave <- struct{}{} }()
	next := call(p, 2, 1)
	if err := b.Do(context.Background(), next); err != nil {
		t.Errorf("the next call: %v", err)
	}
	next.Release()
	b.Close()
}

func TestDeadlines(t *testing.T) {
	b, s, _, p, release := gated(t, Options{MaxRows: 8})
	c := call(p, 1, 1)
	c.Deadline = time.Now().Add(-time.Second)
	if err := b.Do(context.Background(), c); !errors.Is(err, ErrExpired) {
		t.Errorf("a deadline in the past: got %v", err)
	}
	c.Release()
	c = call(p, 2, 1)
	c.Deadline = time.Now().Add(time.Millisecond)
	if err := b.Do(context.Background(), c); !errors.Is(err, ErrExpired) {
		t.Errorf("a deadline that passes in the queue: got %v", err)
	}
	c.Release()
	release()
	if want := [][]int64{{0}}; !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("batches %v: a call was run after its deadline", s.batches)
	}
}

func TestAFailedBatchIsRunCallByCall(t *testing.T) {
	poison := errors.New("poison")
	b, s, _, p, release := gated(t, Options{MaxRows: 8})
	s.fail = func(ids []int64) error {
		if slices.Contains(ids, 2) {
			return poison
		}
		return nil
	}
	wait := enqueue(t, b, call(p, 1, 1), call(p, 2, 1), call(p, 3, 1))
	release()
	errs := wait()
	if errs[0] != nil || !errors.Is(errs[1], poison) || errs[2] != nil {
		t.Errorf("got %v; only the second call should fail", errs)
	}
}

func TestAPanicIsAnError(t *testing.T) {
	s := &script{fail: func(ids []int64) error {
		if ids[0] == 1 {
			panic("boom")
		}
		return nil
	}}
	b, _, p := start(t, s, Options{MaxRows: 8})
	defer b.Close()
	c := call(p, 1, 1)
	if err := b.Do(context.Background(), c); err == nil {
		t.Error("a panic went unnoticed")
	}
	c.Release()
	c = call(p, 2, 1)
	if err := b.Do(context.Background(), c); err != nil {
		t.Errorf("after a panic: %v", err)
	}
	c.Release()
}

func TestGoneCallsAreNotRun(t *testing.T) {
	b, s, _, p, release := gated(t, Options{MaxRows: 8})
	c := call(p, 1, 1)
	c.Gone = func() bool { return true }
	wait := enqueue(t, b, c)
	time.Sleep(2 * askAfter) // not asked before
	release()
	if errs := wait(); !errors.Is(errs[0], ErrGone) {
		t.Errorf("got %v", errs)
	}
	if want := [][]int64{{0}}; !slices.EqualFunc(s.batches, want, slices.Equal) {
		t.Errorf("batches %v", s.batches)
	}
}

func TestCloseServesWhatIsQueuedAndRefusesTheRest(t *testing.T) {
	b, s, _, p, _ := gated(t, Options{MaxRows: 8, MaxDelay: time.Hour})
	b.expected = 8 // as after a full batch: the worker would wait for more
	wait := enqueue(t, b, call(p, 1, 1))
	closed := make(chan struct{})
	go func() { b.Close(); close(closed) }()
	s.leave <- struct{}{}
	<-s.enter
	s.leave <- struct{}{}
	<-closed
	if errs := wait(); errs[0] != nil {
		t.Errorf("a call that was queued before Close: %v", errs[0])
	}
	c := call(p, 2, 1)
	defer c.Release()
	if err := b.Do(context.Background(), c); !errors.Is(err, ErrClosed) {
		t.Errorf("a call after Close: %v", err)
	}
}

func TestALoneCallerNeverWaitsForCompany(t *testing.T) {
	b, _, p := start(t, &script{}, Options{MaxRows: 8, MaxDelay: time.Hour})
	defer b.Close()
	for i := range int64(100) { // with a wait for others, this would take days
		c := call(p, i, 1)
		if err := b.Do(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		c.Release()
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	b := New(runnerFunc(func([]*tensor.Job) error { return nil }), silent{}, Options{MaxRows: 8, MaxQueued: 8})
	defer b.Close()
	p := NewPool(1, 1)
	if n := testing.AllocsPerRun(1000, func() {
		c := call(p, 1, 1)
		c.Deadline = time.Now().Add(time.Hour)
		if err := b.Do(context.Background(), c); err != nil {
			t.Fatal(err)
		}
		c.Release()
	}); n > 0 && !raceEnabled { // under the race detector, pools forget on purpose
		t.Errorf("%v allocations a call", n)
	}
}

type silent struct{}

func (silent) Waited(time.Duration)   {}
func (silent) Ran(int, time.Duration) {}
func (silent) Dropped(error)          {}

type runnerFunc func([]*tensor.Job) error

func (f runnerFunc) Run(jobs []*tensor.Job) error { return f(jobs) }

// Many callers of all sorts at once, for the race detector and for leaks of
// calls: every call is answered, and with its own output.
func TestStorm(t *testing.T) {
	b, _, p := start(t, &script{}, Options{MaxRows: 8, MaxDelay: time.Millisecond, MaxQueued: 16})
	var wg sync.WaitGroup
	for w := range int64(32) {
		wg.Go(func() {
			for i := range int64(200) {
				ctx, cancel := context.WithCancel(context.Background())
				c := call(p, w*1000+i, 1+int(i)%3)
				c.Priority = Priority(i % int64(priorities))
				c.Class = append(c.Class, i%2)
				switch i % 5 {
				case 0:
					go cancel()
				case 1:
					c.Deadline = time.Now().Add(time.Duration(i) * time.Microsecond)
				}
				if err := b.Do(ctx, c); err == nil && c.Outputs[0].Shape[0] != w*1000+i {
					t.Errorf("call %d got the output of %d", w*1000+i, c.Outputs[0].Shape[0])
				}
				c.Release()
				cancel()
			}
		})
	}
	wg.Wait()
	b.Close()
	if n := b.Queued(); n != 0 {
		t.Errorf("%d calls are left in the queue", n)
	}
}
