package command

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/scaffold"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// init is "mlfleet init".
func (a *app) init() *cobra.Command {
	options := scaffold.Options{Version: thisBuild().Version}
	cmd := &cobra.Command{
		Use:   "init DIR",
		Short: "Write a minimal valid fleet to start from",
		Long: `Init writes a small fleet into a folder, which it makes if it does not exist: one
region with a cluster, an environment, a tenant with a model, and what a repository
needs to keep golden/ current. The result is valid as it is; its comments say what
to replace.

Init overwrites nothing: where one of its files is there already, it writes none.`,
		Example: `  mlfleet init my-fleet
  mlfleet init . --name acme --repository https://github.com/acme/fleet.git
  mlfleet init my-fleet && mlfleet generate -C my-fleet`,
		Args: arguments("DIR"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveFilterDirs
		},
	}
	cmd.Flags().StringVar(&options.Name, "name", "", "the fleet's `NAME`")
	cmd.Flags().StringVar(&options.Repository, "repository", "", "the `URL` of the Git repository that Argo CD will read")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := args[0]
		if !filepath.IsAbs(dir) {
			dir = filepath.Join(a.dir, dir)
		}
		files, err := scaffold.Write(dir, options)
		if err != nil {
			return notWritten(cmd.CommandPath(), dir, err)
		}
		if a.verbose {
			for _, file := range files {
				fmt.Fprintln(a.stdout, a.out.Green("write"), filepath.Join(dir, file))
			}
		}
		a.summarise("%s: a new fleet of %s; run 'mlfleet generate -C %s'", dir, plural(len(files), "file"), dir)
		return nil
	}
	return cmd
}

// notWritten sorts out why there is no new fleet: the disk, or an option that
// cannot stand in fleet.yaml.
func notWritten(command, dir string, err error) error {
	if _, taken := errors.AsType[*scaffold.InTheWayError](err); taken {
		return &diskError{"cannot make a fleet", err}
	}
	if errors.Is(err, tree.ErrDisk) {
		return err
	}
	if findings, ok := errors.AsType[fleet.Findings](err); ok {
		return misused(command, "cannot make a fleet in %s: %s (%s)", dir, findings[0].Message, findings[0].Expected)
	}
	return misused(command, "cannot make a fleet in %s: %v", dir, err)
}
