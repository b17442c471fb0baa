package backend

import "runtime"

// A thread runs functions one after the other on an operating system thread of
// its own. ONNX Runtime's CUDA provider keeps handles and their workspace on the
// GPU for every thread that ever ran a session, outside of the limit of its
// arena (70 to 80 MiB each on an H100), and goroutines wander over all threads.
type thread struct {
	work  chan func()
	ended chan struct{}
}

func newThread() *thread {
	t := &thread{work: make(chan func()), ended: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(t.ended)
		for f := range t.work {
			f()
		}
	}()
	return t
}

// do runs f and waits for it. A panic in f is one of the caller's.
func (t *thread) do(f func() error) error {
	var err error
	var panicked any
	done := make(chan struct{})
	t.work <- func() {
		defer close(done)
		defer func() { panicked = recover() }()
		err = f()
	}
	<-done
	if panicked != nil {
		panic(panicked)
	}
	return err
}

func (t *thread) close() {
	close(t.work)
	<-t.ended
}
