package command

import (
	"errors"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const rootLong = `mlfleet-ci sees to it that no image reaches a cluster unproven: it builds the inference
server's image, scans it, lists what is in it, signs it, and pins its digest. What it
says about an image is signed and kept beside it, in cosign's formats.

Without a registry it keeps images in a folder, ci/.cache/registry, under their real
names; so all of it runs on a laptop. --registry leads to a real one.

` + exitCodes

const rootExample = `  mlfleet-ci image                       # build, scan, sign, and pin in staging
  mlfleet-ci images                      # what runs where, and what is proven of it
  mlfleet-ci promote inference --from staging --to production
  mlfleet-ci scan --third-party staging  # images of others: scan, attest, pin`

// root is the command that all others are below.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "mlfleet-ci COMMAND",
		Short:         "Build, scan, sign and promote images",
		Long:          rootLong,
		Example:       rootExample,
		Version:       thisVersion(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          known,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVarP(&a.dir, "chdir", "C", ".", "work on the repository in `DIR`")
	root.PersistentFlags().BoolVarP(&a.verbose, "verbose", "v", false, "say more: what was looked at and not taken")
	root.PersistentFlags().BoolVarP(&a.quiet, "quiet", "q", false, "say less: no progress, no remarks")
	root.MarkPersistentFlagDirname("chdir")
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if a.verbose && a.quiet {
			return misused(cmd.CommandPath(), "--verbose and --quiet exclude each other")
		}
		return nil
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(wrongFlag)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		a.image(), a.scan(), a.verify(), a.promote(), a.images(), a.db(), a.keygen(), a.lock(),
	)
	return root
}

// group is a command that only holds others.
func group(cmd *cobra.Command, below ...*cobra.Command) *cobra.Command {
	cmd.Args = known
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	cmd.AddCommand(below...)
	return cmd
}

// known refuses a command that does not exist.
func known(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, c.Name())
		}
	}
	return misused(cmd.CommandPath(), "there is no command %q%s", args[0], mend(args[0], names))
}

// wrongFlag says which flag was meant.
func wrongFlag(cmd *cobra.Command, err error) error {
	message := err.Error()
	if missing, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if best := nearest("--"+missing.GetSpecifiedName(), names); best != "" {
			message += " — did you mean " + best + "?"
		}
	}
	return misused(cmd.CommandPath(), "%s", message)
}

// arguments wants exactly as many arguments as are named.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > len(names):
			return misused(cmd.CommandPath(), "%s does not take %q", cmd.Name(), args[len(names)])
		case len(args) < len(names):
			return misused(cmd.CommandPath(), "%s lacks its argument %s", cmd.Name(), names[len(args)])
		}
		return nil
	}
}

// mend is what follows a word that nobody knows.
func mend(word string, known []string) string {
	if best := nearest(word, known); best != "" {
		return " — did you mean \"" + best + "\"?"
	}
	return " — use one of " + strings.Join(known, ", ")
}

// nearest is the word that was probably meant: one that begins so, or is at most
// two letters in five off.
func nearest(word string, known []string) string {
	best, least := "", 1+len(word)*2/5
	for _, k := range known {
		if strings.HasPrefix(k, word) {
			return k
		}
		if d := levenshtein.Distance(word, k, nil); d < least {
			best, least = k, d
		}
	}
	return best
}
