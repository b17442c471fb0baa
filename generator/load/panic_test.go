package load

import (
	"strings"
	"testing"
	"testing/fstest"
)

// brittle is a file system that panics when fleet.yaml is read, as a bug in a
// parser would.
type brittle struct{ fstest.MapFS }

func (brittle) ReadFile(string) ([]byte, error) { panic("out of range") }

// A panic in a worker reaches the caller of Read.
func TestPanicInWorker(t *testing.T) {
	defer func() {
		err, ok := recover().(error)
		if !ok || !strings.HasPrefix(err.Error(), "out of range\n") || !strings.Contains(err.Error(), "panic_test.go") {
			t.Errorf("recovered %v", err)
		}
	}()
	_, err := Read(brittle{fstest.MapFS{"fleet.yaml": {Data: []byte("kind: Fleet\n")}}})
	t.Errorf("no panic, but %v", err)
}
