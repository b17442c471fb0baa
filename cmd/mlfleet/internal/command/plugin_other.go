//go:build !unix

package command

import (
	"errors"
	"os"
	"os/exec"
)

// become runs a program in place of this process, which ends with its exit code.
// It returns only if it fails. Ctrl-C reaches the program by itself.
func become(path string, args []string) error {
	cmd := exec.Command(path, args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(ended.ExitCode())
	}
	if err == nil {
		os.Exit(0)
	}
	return err
}
