package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/mlfleet/mlfleet/ci/inventory"
	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/promote"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// The exit codes. 0 is fine.
const (
	exitRefused     = 1   // an image is not proven, or an input is wrong
	exitUsage       = 2   // the command line is wrong
	exitOutside     = 3   // a file, a registry or a database fails
	exitBug         = 4   // mlfleet-ci itself is wrong
	exitInterrupted = 130 // Ctrl-C: 128 + SIGINT, as shells have it
)

const exitCodes = `Exit codes:
  0    fine
  1    an image is refused or not proven, or the pins, the generated tree, the
       policy or the advisories are wrong
  2    the command line is wrong
  3    something could not be read, written or asked; or the vulnerability database
       is too old, from the future or damaged
  4    a bug in mlfleet-ci
  130  interrupted (Ctrl-C)`

const bugs = "https://github.com/mlfleet/mlfleet/issues"

// errFound ends a command that has printed why an image may not run.
var errFound = errors.New("there are findings")

// inputError is a mistake in a file that people write.
type inputError struct{ error }

func (e *inputError) Unwrap() error { return e.error }

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
func (a *app) report(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		a.complain(usage.message)
		fmt.Fprintf(a.stderr, "Run '%s --help' for usage.\n", usage.command)
		return exitUsage
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		a.complain(err.Error())
		fmt.Fprintf(a.stderr, "This is a bug in mlfleet-ci. Please report it, with what follows, at %s\n%s", bugs, p.stack)
		return exitBug
	}
	switch {
	case ctx.Err() != nil:
		a.complain("interrupted; every pin is whole, and the next run goes on with what is missing")
		return exitInterrupted
	case errors.Is(err, errFound):
		return exitRefused
	}
	a.complain(err.Error())
	if refusal(err) {
		return exitRefused
	}
	return exitOutside
}

// refusal says whether somebody looked and said no, as opposed to nobody being
// able to look.
func refusal(err error) bool {
	_, gate := errors.AsType[*pipeline.GateError](err)
	_, unproven := errors.AsType[*sign.UnprovenError](err)
	_, input := errors.AsType[*inputError](err)
	_, malformed := errors.AsType[*inventory.MalformedError](err)
	return gate || unproven || input || malformed ||
		errors.Is(err, promote.ErrUnproven) || errors.Is(err, promote.ErrNoPin) || errors.Is(err, promote.ErrOtherImage)
}

func (a *app) complain(message string) { fmt.Fprintf(a.stderr, "mlfleet-ci: %s\n", message) }
