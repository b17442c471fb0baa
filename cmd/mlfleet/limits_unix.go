//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// failAtLimits lets a write beyond the file-size limit (ulimit -f) fail, as one
// to a full disk does, where it would end the process.
func failAtLimits() { signal.Ignore(syscall.SIGXFSZ) }
