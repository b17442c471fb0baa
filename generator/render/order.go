package render

import (
	"iter"
	"runtime"
)

// inOrder runs jobs on all processors and yields their results in the order of
// the jobs. It runs ahead of the reader by a few jobs at most, so that memory
// does not grow with their number.
func inOrder[T any](jobs []func() (T, error)) iter.Seq2[T, error] {
	type result struct {
		value T
		err   error
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
					value, err := job()
					done <- result{value, err}
					<-slots
				}()
			}
		}()
		for done := range pending {
			r := <-done
			if !yield(r.value, r.err) {
				return
			}
		}
	}
}
