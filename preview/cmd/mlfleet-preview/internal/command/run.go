package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
)

// app is one run of the program: where it prints, and where the fleet is.
type app struct {
	stdout *bufio.Writer
	stderr io.Writer
	dir    string
}

// Run runs one command line and returns the exit code of the process.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: bufio.NewWriter(stdout), stderr: stderr}
	err := guarded(func() error {
		root := a.root()
		root.SetArgs(args)
		root.SetOut(a.stdout)
		root.SetErr(a.stderr)
		return root.ExecuteContext(ctx)
	})
	if flushed := a.stdout.Flush(); flushed != nil && (err == nil || errors.Is(err, errFound)) {
		err = fmt.Errorf("cannot write to standard output: %w", flushed)
	}
	return a.report(ctx, err)
}

// panicError is a panic on its way to the user.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprint(e.value) }

// guarded runs f, and returns a panic in it as an error.
func guarded(f func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value, debug.Stack()}
		}
	}()
	return f()
}
