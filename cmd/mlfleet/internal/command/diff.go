package command

import (
	"context"
	"io/fs"
	"iter"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/revision"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// diff is "mlfleet diff".
func (a *app) diff() *cobra.Command {
	var base, output string
	cmd := &cobra.Command{
		Use:   "diff",
		Short: "Say what a change does, by tenant, cluster, object and field",
		Long: `Diff compares golden/ as it is in a Git revision with what the inputs render to
now, and says what differs: which tenants, which clusters, which objects, which
fields, and what is certain to follow, such as pods that restart. It reads the
inputs and Git and changes nothing; golden/ on disk plays no part.

The revision is HEAD unless --base names another, so without it diff says what the
edits do that are not committed yet. In a pull request, name the branch it goes to;
where that has moved on, name where they parted: --base "$(git merge-base main HEAD)".

The exit code is 1 where something differs, as diff's own.`,
		Example: `  mlfleet diff                              # what my edits do
  mlfleet diff --base origin/main           # what this branch does
  mlfleet diff --base v1.4.0 -o json | jq .summary
  mlfleet diff --base origin/main -o markdown > comment.md || test $? = 1`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&base, "base", "HEAD", "the Git `REVISION` to compare with")
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "text", "markdown", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		d, err := a.sinceRevision(cmd.Context(), base)
		if err != nil {
			return err
		}
		switch output {
		case "json":
			err = d.JSON(a.stdout)
		case "markdown":
			err = d.Markdown(a.stdout)
		default:
			err = d.Text(a.stdout, a.out.On())
		}
		if err == nil && !d.Empty() {
			err = errDiffers
		}
		return err
	}
	return cmd
}

// sinceRevision compares golden/ in a revision with what the inputs render to.
func (a *app) sinceRevision(ctx context.Context, base string) (*diff.Diff, error) {
	progress := a.progress()
	defer progress.Clear()
	f, err := a.load(ctx, progress)
	if err != nil {
		return nil, err
	}
	progress.Say("reading " + base)
	old, err := revision.Open(ctx, a.dir, base, golden)
	if err != nil {
		return nil, outside(ctx, "cannot read the tree to compare with", err)
	}
	defer func() { _ = old.Close() }() // ends the git process, which may have failed only by being ended
	progress.Say("comparing")
	return a.compare(ctx, old, f)
}

// compare compares a tree with what the inputs render to.
func (a *app) compare(ctx context.Context, old fs.FS, f *fleet.Fleet) (*diff.Diff, error) {
	d, err := generator.Diff(old, until(ctx, generator.Render(f)))
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err() // whatever else failed, failed because of that
	}
	return d, err
}

// until ends a stream when ctx does.
func until(ctx context.Context, files iter.Seq2[tree.File, error]) iter.Seq2[tree.File, error] {
	return func(yield func(tree.File, error) bool) {
		for file, err := range files {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			if !yield(file, err) || err != nil {
				return
			}
		}
	}
}

// outside is a failure of the world outside of mlfleet, unless it failed only
// because ctx ended.
func outside(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &diskError{doing, err}
}
