package render

import (
	"fmt"
	"iter"
	"runtime"
	"runtime/debug"
)

// inOrder runs jobs on all processors and yields their results in the order of
// the jobs. It runs ahead of the reader by a few jobs at most, so that memory
// does not grow with their number. A job's panic goes on in the reader, who can
// recover from it: in a goroutine of its own it would end the program.
func inOrder[T any](jobs []func() (T, error)) iter.Seq2[T, error] {
	type result struct {
		value T
		err   error
		panic error
	}
	run := func(job func() (T, error)) (r result) {
		defer func() {
			if value := recover(); value != nil {
				r.panic = fmt.Errorf("%v\n%s", value, debug.Stack())
			}
		}()
		r.value, r.err = job()
		return r
	}
	return func(yield func(T, error) bool) {
		ahead := 2 * runtime.GOMAXPROCS(0)
		pending := make(chan chan result, ahead)
		stop := make(chan struct{})
		defer close(stop)
		go func() {
			defer close(pending)
			slots := make(chan struct{}, runtime.GOMAXPROCS(0))
			for _, job := range jobs {
				done := make(chan result, 1)
				select {
				case pending <- done:
				case <-stop:
					return
				}
				slots <- struct{}{}
				go func() {
					done <- run(job)
					<-slots
				}()
			}
		}()
		for done := range pending {
			r := <-done
			if r.panic != nil {
				panic(r.panic)
			}
			if !yield(r.value, r.err) {
				return
			}
		}
	}
}
