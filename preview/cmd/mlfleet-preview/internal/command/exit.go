package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlfleet/mlfleet/preview/report"
)

// The exit codes. 0 is fine.
const (
	exitFindings    = 1   // Argo CD would not take the tree, or not as it is meant
	exitUsage       = 2   // the command line is wrong
	exitOutside     = 3   // something could not be read or written
	exitBug         = 4   // mlfleet-preview itself is wrong
	exitInterrupted = 130 // Ctrl-C: 128 + SIGINT, as shells have it
)

const bugs = "https://github.com/mlfleet/mlfleet/issues"

// errFound ends a run that has printed findings.
var errFound = errors.New("there are findings")

// usageError is a mistake on the command line.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func misused(message string) error { return &usageError{message} }

// report tells the user why a run failed, and returns its exit code.
func (a *app) report(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		a.complain(usage.message)
		fmt.Fprint(a.stderr, "Run 'mlfleet preview --help' for usage.\n")
		return exitUsage
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		a.complain(err.Error())
		fmt.Fprintf(a.stderr, "This is a bug in mlfleet-preview. Please report it, with what follows, at %s\n%s", bugs, p.stack)
		return exitBug
	}
	switch {
	case ctx.Err() != nil:
		a.complain("interrupted")
		return exitInterrupted
	case errors.Is(err, errFound):
		return exitFindings
	}
	a.complain(err.Error())
	return exitOutside
}

func (a *app) complain(message string) {
	fmt.Fprintf(a.stderr, "mlfleet-preview: %s\n", report.Plain(message))
}
