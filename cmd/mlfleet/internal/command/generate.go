package command

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// golden is the folder of the generated tree below the fleet's.
const golden = "golden"

// generate is "mlfleet generate".
func (a *app) generate() *cobra.Command {
	var check bool
	var wait time.Duration
	var output string
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Bring golden/ up to date with the inputs",
		Long: `Generate reads and checks the inputs, renders them, and makes golden/ hold exactly
the result: it writes what changed, removes what is stale and leaves the rest
untouched. If an input is wrong, nothing changes. Each file is the old or the new
one at every moment, also if the run is killed, and the next run completes it.

Generate refuses to change a golden/ that holds anything it did not make, such as a
file without the header line or a link (exit code 3).

With --check it changes nothing: if golden/ is not what the inputs render to, it
prints the difference object by object, from what is there to what should be, and
exits with 1. That is for CI.`,
		Example: `  mlfleet generate
  mlfleet generate -v                # with the path of every file it writes or removes
  mlfleet generate --check           # in CI: is golden/ current?
  mlfleet generate -C ../fleet -o json | jq -r '.written[]'`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().BoolVar(&check, "check", false, "change nothing, print how golden/ differs, and exit with 1 if it does")
	cmd.Flags().DurationVar(&wait, "wait", 10*time.Second, "wait for another run on the same golden/ for `DURATION`")
	choose(cmd, &output, "output", "o", "print as `FORMAT`", "text", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, result, err := a.write(cmd.Context(), tree.Writer{Wait: wait, DryRun: check})
		if err != nil {
			return err
		}
		a.mention(f.Warnings)
		var drift *diff.Diff
		if check && result.Changed() {
			if drift, err = a.compare(cmd.Context(), os.DirFS(filepath.Join(a.dir, golden)), f); err != nil {
				return err
			}
		}
		if output == "json" {
			err = a.printJSON(generated(f, result, drift))
		} else {
			err = a.printResult(f, result, drift)
		}
		if err != nil || drift == nil {
			return err
		}
		a.complain("golden/ is not what the inputs render to: run 'mlfleet generate' and commit what it changes")
		return errDiffers
	}
	return cmd
}

// write loads the fleet and has w make golden/ what it renders to.
func (a *app) write(ctx context.Context, w tree.Writer) (*fleet.Fleet, tree.Result, error) {
	progress := a.progress()
	defer progress.Clear()
	f, err := a.load(ctx, progress)
	if err != nil {
		return nil, tree.Result{}, err
	}
	progress.Say("golden/: reading what is there, once no other run holds it")
	w.Root, w.Header = filepath.Join(a.dir, golden), manifest.Header
	w.Progress = func(files int) { progress.Say(fmt.Sprintf("golden/: %d files", files)) }
	result, err := w.Write(ctx, generator.Render(f))
	return f, result, err
}

// mention says that there are warnings, which validate prints.
func (a *app) mention(warnings fleet.Findings) {
	if len(warnings) > 0 && !a.quiet {
		fmt.Fprintf(a.stderr, "mlfleet: %s: run 'mlfleet validate' to see %s\n", count(warnings), itOrThem(len(warnings)))
	}
}

func itOrThem(n int) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// printResult sums up a run: "golden/: 3 written, 1 removed, 120 unchanged (6
// tenants with 17 models, 8 clusters)". drift is what a check found, or nil.
func (a *app) printResult(f *fleet.Fleet, result tree.Result, drift *diff.Diff) error {
	if a.verbose {
		for _, path := range result.Written {
			fmt.Fprintf(a.stdout, "%s %s/%s\n", a.out.Green("write"), golden, path)
		}
		for _, path := range result.Removed {
			fmt.Fprintf(a.stdout, "%s %s/%s\n", a.out.Red("remove"), golden, path)
		}
	}
	what := result.String()
	switch {
	case !result.Changed():
		what = "everything is unchanged, " + plural(result.Unchanged, "file")
	case drift != nil:
		if err := drift.Text(a.stdout, a.out.On()); err != nil {
			return err
		}
		what = fmt.Sprintf("%d to write, %d to remove, %d unchanged", len(result.Written), len(result.Removed), result.Unchanged)
	}
	a.summarise("%s/: %s (%s)", golden, what, size(f))
	return nil
}

// generatedJSON is what "generate -o json" prints. With --check, the paths are
// those that a run would write or remove, and Diff says what that changes.
type generatedJSON struct {
	Written   []string       `json:"written"`
	Removed   []string       `json:"removed"`
	Unchanged int            `json:"unchanged"`
	Warnings  fleet.Findings `json:"warnings"`
	Diff      *diff.Diff     `json:"diff,omitempty"`
}

func generated(f *fleet.Fleet, result tree.Result, drift *diff.Diff) generatedJSON {
	// Lists that are empty, not null: a program need not know the difference.
	return generatedJSON{
		Written:   append([]string{}, result.Written...),
		Removed:   append([]string{}, result.Removed...),
		Unchanged: result.Unchanged,
		Warnings:  append(fleet.Findings{}, f.Warnings...),
		Diff:      drift,
	}
}
