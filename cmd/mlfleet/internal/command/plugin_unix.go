//go:build unix

package command

import (
	"os"
	"os/signal"
	"syscall"
)

// become replaces this process by a program. It returns only if it fails.
func become(path string, args []string) error {
	signal.Reset() // what is ignored here would be ignored there
	return syscall.Exec(path, args, os.Environ())
}
