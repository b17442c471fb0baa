package command

import (
	"context"
	"os"

	"github.com/mlfleet/mlfleet/cmd/mlfleet/internal/terminal"
	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/fleet"
)

// inputs is the fleet's folder, which no path can leave: a link that leads
// outside is not followed, whenever it is put there.
func (a *app) inputs() (*os.Root, error) {
	root, err := os.OpenRoot(a.dir)
	if err != nil {
		return nil, &diskError{"cannot read the fleet's folder " + a.dir, err}
	}
	return root, nil
}

// load reads the fleet. It gives up when ctx ends, though the reading goes on in
// the background: it changes nothing, and the process is about to end.
func (a *app) load(ctx context.Context, progress *terminal.Progress) (*fleet.Fleet, error) {
	inputs, err := a.inputs()
	if err != nil {
		return nil, err
	}
	progress.Say("reading the inputs")
	type result struct {
		fleet *fleet.Fleet
		err   error
	}
	loaded := make(chan result, 1)
	go func() {
		var r result
		r.err = guarded(func() (err error) {
			r.fleet, err = generator.Load(inputs.FS())
			return err
		})
		inputs.Close()
		loaded <- r
	}()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-loaded:
		return r.fleet, r.err
	}
}

// progress is the line that tells of a long run; nil where nobody would see it.
func (a *app) progress() *terminal.Progress {
	if a.quiet {
		return nil
	}
	return terminal.NewProgress(a.stderr)
}
