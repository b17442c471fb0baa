package backend

import (
	"context"
	"fmt"
	"time"

	"github.com/mlfleet/mlfleet/inference/tensor"
)

// WarmUp runs every batch size that Run will ever use, at every padded length,
// so that no request pays for the first time. It stops after limit, and says
// how many of the sizes it ran; the end of ctx is an error. Models with dimensions that nothing bounds
// cannot be warmed up: 0 of 0.
func (r *Runner) WarmUp(ctx context.Context, limit time.Duration) (ran, of int, err error) {
	sig := r.s.Signature
	classes := sig.Classes()
	of = len(classes) * len(r.buckets)
	deadline := time.Now().Add(limit)
	// Largest first: memory is then taken once, at its full size.
	for c := len(classes) - 1; c >= 0; c-- {
		for b := len(r.buckets) - 1; b >= 0; b-- {
			if ctx.Err() != nil {
				return ran, of, context.Cause(ctx)
			}
			if time.Now().After(deadline) {
				return ran, of, nil
			}
			if err := r.warm(r.buckets[b], classes[c]); err != nil {
				return ran, of, fmt.Errorf("warm up with %d rows: %w", r.buckets[b], err)
			}
			ran++
		}
	}
	return ran, of, nil
}

func (r *Runner) warm(rows int, class []int64) error {
	sig := r.s.Signature
	j := tensor.NewJob(len(sig.Inputs), len(sig.Outputs))
	for i, spec := range sig.Inputs {
		shape := sig.Shape(nil, i, rows, class)
		n, err := tensor.Bytes(spec.Type, shape)
		if err != nil {
			return err
		}
		j.Inputs[i].Set(shape, n)
	}
	if err := sig.Check(j); err != nil {
		return err
	}
	return r.Run([]*tensor.Job{j})
}
