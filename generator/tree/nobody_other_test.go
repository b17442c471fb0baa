//go:build !linux

package tree_test

import (
	"os"
	"testing"
)

// asNobody runs something as a user whom permissions bind.
func asNobody(t *testing.T, _ string, run func()) {
	t.Helper()
	if os.Geteuid() <= 0 {
		t.Skip("permissions do not bind root (or Windows), and only Linux can change the user of one thread")
	}
	run()
}
