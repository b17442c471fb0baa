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
	"time"
)

// interval between two questions: short beside what controllers need, long enough
// to leave them the processors.
const interval = 500 * time.Millisecond

// Hopeless marks an error after which waiting makes no sense.
func Hopeless(err error) error { return hopeless{err} }

type hopeless struct{ error }

func (h hopeless) Unwrap() error { return h.error }

// Until asks until missing says that nothing is missing any more, with an empty
// text. An error of missing is not the end, because servers may be away for a moment,
// unless it is Hopeless.
func Until(ctx context.Context, what string, missing func(context.Context) (string, error)) error {
	last := "nothing was asked yet"
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
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w; at last: %s", what, context.Cause(ctx), last)
		case <-time.After(interval):
		}
	}
}
