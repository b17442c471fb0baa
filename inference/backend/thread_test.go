package backend

import (
	"errors"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

func TestThreadIsAlwaysTheSameOne(t *testing.T) {
	th := newThread()
	defer th.close()
	ids := make([]int, 50)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { _ = th.do(func() error { ids[i] = unix.Gettid(); return nil }) })
	}
	wg.Wait()
	for _, id := range ids {
		if id == 0 || id != ids[0] {
			t.Fatalf("threads %v", ids)
		}
	}
}

func TestThreadHandsErrorsAndPanicsToItsCaller(t *testing.T) {
	th := newThread()
	defer th.close()
	want := errors.New("no")
	if err := th.do(func() error { return want }); !errors.Is(err, want) {
		t.Errorf("got %v", err)
	}
	func() {
		defer func() {
			if got := recover(); got != "oh" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = th.do(func() error { panic("oh") })
	}()
	if err := th.do(func() error { return nil }); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}
