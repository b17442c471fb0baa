package command

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlfleet/mlfleet/preview"
	"github.com/mlfleet/mlfleet/preview/expand"
)

// name is what "mlfleet preview" passes on as the first argument.
const name = "preview"

const long = `Mlfleet-preview decodes golden/argocd strictly into Argo CD's own types and expands the
ApplicationSets with Argo CD's own engine, without a server or network. It prints the
Applications that Argo CD will have, and what is wrong with them: unknown fields, names
that clash, files that no root reads, what an AppProject does not permit, paths that are
missing or do not build, objects that two Applications share, RollingSync steps that match
none or several, objects near etcd's limit.

With --against it also tells what becomes of the Applications of a Git revision under
their ApplicationSets' policies: which are created, altered, orphaned, deleted. What is
wrong with that revision is a note, and does not change the exit code. Paths are built
from the working tree, whatever targetRevision says.

Which clusters are registered on the hub is believed of regions/*.yaml. Every path is
built with Kustomize, and the kinds and namespaces of its objects are held against the
project; at some 20 ms a path that takes minutes for thousands, and --no-build leaves it
out.

Exit codes:
  0    fine, also when Applications change
  1    there are findings
  2    the command line is wrong
  3    something could not be read or written
  4    a bug in mlfleet-preview
  130  interrupted (Ctrl-C)`

const example = `  mlfleet preview                            # what Argo CD will have
  mlfleet preview --against origin/main...   # and what the branch does to what it has
  mlfleet preview --against main -o markdown # for a pull request
  mlfleet preview -o json | jq '.applications[] | select(.step == 1) | .application'`

func (a *app) root() *cobra.Command {
	var o preview.Options
	var noBuild bool
	var format string
	cmd := &cobra.Command{
		Use:               "mlfleet-preview",
		Short:             "Show the Applications that Argo CD will create",
		Long:              long,
		Example:           example,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              itself,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	flags := cmd.Flags()
	flags.StringVarP(&a.dir, "chdir", "C", ".", "work on the fleet in `DIR`")
	flags.StringVar(&o.Against, "against", "", "compare with golden/ of the Git `REV`; with three dots after it,\nwith where HEAD left that branch")
	flags.BoolVar(&noBuild, "no-build", false, "do not build the paths, nor check their objects")
	output(cmd, &format)
	cmd.SetVersionTemplate("{{.Version}}\n")
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return misused(wrongFlag(cmd, err)) })
	cmd.CompletionOptions.DisableDefaultCmd = true
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if cmd.Flags().Changed("against") && o.Against == "" {
			return misused("--against wants a revision, and got an empty one")
		}
		o.Build = !noBuild
		return a.preview(cmd, o, format)
	}
	return cmd
}

// preview runs the command.
func (a *app) preview(cmd *cobra.Command, o preview.Options, format string) error {
	r, err := preview.Run(cmd.Context(), a.dir, o)
	if err != nil {
		return err
	}
	switch format {
	case "json":
		err = r.JSON(a.stdout)
	case "markdown":
		err = r.Markdown(a.stdout)
	default:
		err = r.Text(a.stdout)
	}
	if err != nil {
		return fmt.Errorf("cannot write to standard output: %w", err)
	}
	if len(r.Findings) > 0 {
		return errFound
	}
	return nil
}

// itself takes the name that mlfleet calls the command by, and nothing else.
func itself(_ *cobra.Command, args []string) error {
	if len(args) > 0 && args[0] == name {
		args = args[1:]
	}
	if len(args) > 0 {
		return misused(fmt.Sprintf("preview takes no arguments, but got %q", args[0]))
	}
	return nil
}

// wrongFlag says which flag was meant.
func wrongFlag(cmd *cobra.Command, err error) string {
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err.Error()
	}
	meant := ""
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if word := missing.GetSpecifiedName(); len(word) > 1 && (strings.HasPrefix(f.Name, word) || strings.HasPrefix(word, f.Name)) {
			meant = " — did you mean --" + f.Name + "?"
		}
	})
	return err.Error() + meant
}

// version is "mlfleet-preview v0.1.0 (go1.26.3, Argo CD v2.14.21)".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "mlfleet-preview (unknown)"
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	return "mlfleet-preview " + v + " (" + info.GoVersion + ", Argo CD " + expand.Version + ")"
}
