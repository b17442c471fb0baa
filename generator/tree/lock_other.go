//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package tree

import (
	"errors"
	"fmt"
	"os"
)

// tryLock refuses to write where a folder cannot be locked so that the lock
// ends with its process: two runs at once could mix two trees. Looking is safe.
func tryLock(_ *os.File, shared bool) (free bool, err error) {
	if shared {
		return true, nil
	}
	return false, fmt.Errorf("writing needs a system that can lock a folder, such as Linux or macOS (on Windows: WSL): %w", errors.ErrUnsupported)
}

func holder(*os.File) (pid int, name string) { return 0, "" }
