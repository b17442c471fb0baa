package command

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/pipeline"
)

// app is one run of the program: where it prints, and the flags that every
// command has.
type app struct {
	stdout *bufio.Writer
	stderr io.Writer
	getenv func(string) string
	clock  func() time.Time

	dir     string // the repository's root
	verbose bool
	quiet   bool
}

// Run runs one command line and returns the exit code of the process.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: bufio.NewWriter(stdout), stderr: stderr, getenv: os.Getenv, clock: time.Now}
	err := guarded(func() error {
		root := a.root()
		root.SetArgs(args)
		root.SetOut(a.stdout)
		root.SetErr(a.stderr)
		return root.ExecuteContext(ctx)
	})
	if flushed := a.stdout.Flush(); flushed != nil && err == nil {
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

// progress tells people how far it is; --quiet nobody.
func (a *app) progress() *pipeline.Progress {
	if a.quiet {
		return nil
	}
	return &pipeline.Progress{W: a.stderr}
}

// say tells something that is no result.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.complain(fmt.Sprintf(format, args...))
	}
}

func (a *app) printJSON(value any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// inCI tells whether a pipeline runs this and no person: GitHub, GitLab and most
// others set the variable.
func (a *app) inCI() bool { return a.getenv("CI") != "" }

// at is a flag's path: the default is below the repository's root, and what the
// user writes is from where the user is.
func (a *app) at(cmd *cobra.Command, flag string) string {
	f := cmd.Flags().Lookup(flag)
	if f.Changed || filepath.IsAbs(f.Value.String()) {
		return f.Value.String()
	}
	return filepath.Join(a.dir, f.Value.String())
}
