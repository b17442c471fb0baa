package render

import (
	"errors"
	"strings"
	"testing"
)

// A panic in a job reaches whoever reads the results, in its turn.
func TestPanicInOrder(t *testing.T) {
	jobs := []func() (int, error){
		func() (int, error) { return 1, nil },
		func() (int, error) { panic("out of range") },
		func() (int, error) { return 3, errors.New("not reached") },
	}
	var read []int
	func() {
		defer func() {
			err, ok := recover().(error)
			if !ok || !strings.HasPrefix(err.Error(), "out of range\n") || !strings.Contains(err.Error(), "order_test.go") {
				t.Errorf("recovered %v", err)
			}
		}()
		for n := range inOrder(jobs) {
			read = append(read, n)
		}
	}()
	if len(read) != 1 || read[0] != 1 {
		t.Errorf("read %v before the panic", read)
	}
}
