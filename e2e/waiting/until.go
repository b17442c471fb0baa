// Package waiting waits for what controllers bring about.
//
// Controllers work towards a state and do not say when they have reached it, so a
// test must ask again and again. How long that takes says nothing about
// correctness: a wait ends when its context does, and the error then tells what was
// still missing.
package waiting

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// interval between two questions: short beside what controllers need, long enough
// to leave them the processors.
const interval = time.Second

// silence is how long a wait says nothing: whoever watches should know that something is
// still hoped for, and what.
const silence = 30 * time.Second

// Hopeless marks an error after which waiting makes no sense.
func Hopeless(err error) error { return hopeless{err} }

type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Until asks until missing says that nothing is missing any more, with an empty
// text. An error of missing is not the end, because servers may be away for a moment,
// unless it is Hopeless. A long wait tells its progress on standard error.
func Until(ctx context.Context, what string, missing func(context.Context) (string, error)) error {
	last := "nothing was asked yet"
	spoke := time.Now()
	for {
		text, err := missing(ctx)
		if err == nil && text == "" {
			return nil
		}
		if h := (hopeless{}); errors.As(err, &h) {
			return fmt.Errorf("waiting for %s: %w", what, h.error)
		}
		switch {
		case err == nil:
			last = text
		case ctx.Err() == nil: // else the cause is that we were told to stop, and not what it says
			last = err.Error()
		}
		if time.Since(spoke) > silence {
			spoke = time.Now()
			fmt.Fprintf(os.Stderr, "... waiting for %s: %s\n", what, firstLine(last))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; at last: %s", what, context.Cause(ctx), last)
		case <-time.After(interval):
		}
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
