package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mlfleet/mlfleet/generator/suggest"
)

const rootLong = `mlfleet turns small, checked YAML (fleet.yaml, regions/, environments/, tenants/)
into golden/: the Argo CD ApplicationSets, Kustomize bases and overlays, and
manifests that run multi-tenant ML inference on a fleet of clusters.

` + exitCodes

const rootExample = `  mlfleet init my-fleet           # a minimal fleet to start from
  mlfleet validate                # what is wrong with the inputs, and where
  mlfleet generate                # bring golden/ up to date
  mlfleet diff --base main        # what a branch does to the clusters
  mlfleet show acme us-east-production`

// root is the command that all others are below.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "mlfleet COMMAND",
		Short:         "Tenants' YAML into what Argo CD syncs, checked and reviewable",
		Long:          rootLong,
		Example:       rootExample,
		Version:       thisBuild().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          a.known,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&a.dir, "chdir", "C", ".", "work on the fleet in `DIR`")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "say more: the rules behind errors, the files written")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say less: no summary, no warnings, no progress")
	root.MarkPersistentFlagDirname("chdir")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.verbose && a.quiet {
			return misused(cmd.CommandPath(), "--verbose and --quiet exclude each other")
		}
		return nil
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.SetHelpCommand(a.help())
	root.CompletionOptions.DisableDefaultCmd = true // completion.go has a shorter one

	root.AddCommand(
		a.generate(), a.validate(), a.diff(), a.show(), a.pin(),
		a.init(), a.completion(), a.version(),
	)
	for _, p := range plugins() {
		root.AddCommand(a.plugin(p))
	}
	return root
}

// help is "mlfleet help"; cobra's own takes a command that does not exist for fine.
func (a *app) help() *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Print the help of a command",
		Long:    "Help prints what 'mlfleet COMMAND --help' does.",
		Example: "  mlfleet help generate",
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return commandNames(cmd.Root()), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return a.known(cmd.Root(), args)
			}
			found.InitDefaultHelpFlag()
			found.InitDefaultVersionFlag()
			return found.Help()
		},
	}
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return names
}

// known refuses a command that does not exist.
func (a *app) known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return misused(cmd.CommandPath(), "there is no command %q%s", args[0], mend(args[0], commandNames(cmd)))
}

// wrongFlag says which flag was meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	message := err.Error()
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if best := suggest.Nearest("--"+missing.GetSpecifiedName(), names); best != "" {
			message += " — did you mean " + best + "?"
		}
	}
	return misused(cmd.CommandPath(), "%s", message)
}

// arguments wants exactly as many arguments as are named.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > len(names) && len(names) == 0:
			return misused(cmd.CommandPath(), "%s takes no arguments, but got %q", cmd.Name(), args[0])
		case len(args) > len(names):
			return misused(cmd.CommandPath(), "%s takes %s, but got %q too", cmd.Name(), plural(len(names), "argument"), args[len(names)])
		case len(args) < len(names):
			return misused(cmd.CommandPath(), "%s lacks its argument %s", cmd.Name(), names[len(args)])
		}
		return nil
	}
}

// mend is what follows a name that nobody knows: " — did you mean …?", or nothing.
func mend(name string, known []string) string {
	if fix := suggest.Fix(name, known); fix != "" {
		return fmt.Sprintf(" — %s", fix)
	}
	return ""
}
