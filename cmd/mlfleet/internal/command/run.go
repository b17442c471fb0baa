package command

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"github.com/mlfleet/mlfleet/cmd/mlfleet/internal/terminal"
)

// app is one run of the program: where it prints, and the flags that every
// command has.
type app struct {
	stdout *bufio.Writer
	stderr io.Writer

	// out and err colour what goes to standard output and standard error.
	out, err terminal.Palette

	dir     string // the fleet's folder
	verbose bool
	quiet   bool
}

// Run runs one command line and returns the exit code of the process.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{
		stdout: bufio.NewWriter(stdout),
		stderr: stderr,
		out:    terminal.PaletteFor(stdout, os.Getenv),
		err:    terminal.PaletteFor(stderr, os.Getenv),
	}
	err := guarded(func() error { return a.execute(ctx, args) })
	if flushed := a.stdout.Flush(); flushed != nil && err == nil {
		err = &diskError{"cannot write to standard output", flushed}
	}
	return a.report(err)
}

func (a *app) execute(ctx context.Context, args []string) error {
	root := a.root()
	root.SetArgs(args)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	return root.ExecuteContext(ctx)
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
