package artifact

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// permanent marks an error that trying again cannot mend.
type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

// longest is the longest wait between two tries.
const longest = time.Minute

// retry calls do until it succeeds, fails for good, or ctx ends. The waits
// double, with some chance in them: after an outage a whole fleet comes back at
// once.
func (f *fetcher) retry(ctx context.Context, what string, do func() error) error {
	wait := f.Backoff
	var last error // what went wrong while there was time
	for {
		err := do()
		if err == nil {
			return nil
		}
		var p *permanent
		if errors.As(err, &p) || f.Source.Permanent(err) {
			return err
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), cmp.Or(last, err))
		}
		last = err
		pause := wait/2 + rand.N(wait/2+1)
		slog.Warn("could not fetch; trying again", "file", what, "error", err.Error(), "in", pause.Round(time.Millisecond).String())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		}
		wait = min(2*wait, longest)
	}
}
