package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// The exit codes. 0 is fine.
const (
	exitFindings    = 1   // the inputs are wrong, or what was compared differs
	exitUsage       = 2   // the command line is wrong
	exitDisk        = 3   // something could not be read or written
	exitBug         = 4   // mlfleet itself is wrong
	exitInterrupted = 130 // Ctrl-C: 128 + SIGINT, as shells have it
)

const exitCodes = `Exit codes:
  0    fine
  1    the inputs are wrong, or what was compared differs
  2    the command line is wrong
  3    something could not be read or written; golden/ holds files that mlfleet
       did not make; or another run holds it
  4    a bug in mlfleet
  130  interrupted (Ctrl-C)`

const bugs = "https://github.com/mlfleet/mlfleet/issues"

// errDiffers ends a command that has printed a difference.
var errDiffers = errors.New("it differs")

// diskError is a failure to read or write outside of golden/.
type diskError struct {
	doing string
	err   error
}

// Error gives the system's reason, without the call that failed.
func (e *diskError) Error() string {
	err := e.err
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return e.doing + ": " + err.Error()
}

func (e *diskError) Unwrap() error { return e.err }

// usageError is a mistake on the command line.
type usageError struct {
	message string
	command string // whose --help would have told
}

func (e *usageError) Error() string { return e.message }

func misused(command, format string, args ...any) error {
	return &usageError{message: fmt.Sprintf(format, args...), command: command}
}

// report tells the user why a command failed, and returns its exit code.
func (a *app) report(err error) int {
	if err == nil {
		return 0
	}
	if findings, ok := errors.AsType[fleet.Findings](err); ok {
		a.printFindings(findings)
		fmt.Fprintf(a.stderr, "mlfleet: %s\n", count(findings))
		return exitFindings
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		a.complain(usage.message)
		fmt.Fprintf(a.stderr, "Run '%s --help' for usage.\n", usage.command)
		return exitUsage
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		a.complain(err.Error())
		fmt.Fprintf(a.stderr, "This is a bug in mlfleet. Please report it, with what follows, at %s\n%s", bugs, p.stack)
		return exitBug
	}
	switch {
	case errors.Is(err, errDiffers):
		return exitFindings
	case errors.Is(err, context.Canceled):
		a.complain("interrupted; every file is whole, and the next run completes what this one began")
		return exitInterrupted
	case unreadable(err):
		a.complain(err.Error())
		return exitDisk
	}
	a.complain(err.Error())
	fmt.Fprintf(a.stderr, "This is a bug in mlfleet. Please report it at %s\n", bugs)
	return exitBug
}

// unreadable says whether the world outside of mlfleet failed: the disk, a
// program that it asked, or the files it was given.
func unreadable(err error) bool {
	_, disk := errors.AsType[*diskError](err)
	return disk || errors.Is(err, tree.ErrDisk)
}

func (a *app) complain(message string) {
	fmt.Fprintf(a.stderr, "mlfleet: %s\n", a.err.Red(message))
}
