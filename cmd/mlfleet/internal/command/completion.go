package command

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// names are what an argument may be, given those before it.
type names func(f *fleet.Fleet, before []string) []string

func tenantNames(f *fleet.Fleet, _ []string) []string {
	var out []string
	for _, t := range f.Tenants {
		out = append(out, t.Name)
	}
	return out
}

// clusterNames are the clusters that the tenant named before runs in.
func clusterNames(f *fleet.Fleet, before []string) []string {
	var out []string
	if t := f.Tenant(before[0]); t != nil {
		for _, p := range t.Placements {
			out = append(out, p.Cluster.Name)
		}
	}
	return out
}

func environmentNames(f *fleet.Fleet, _ []string) []string {
	var out []string
	for _, e := range f.Environments {
		out = append(out, e.Name)
	}
	return out
}

// pinNames are the pins of the environment named before.
func pinNames(f *fleet.Fleet, before []string) []string {
	e := f.Environment(before[0])
	if e == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(e.Pins))
}

// complete offers the names of each argument from the fleet. A fleet with errors
// offers none: completion is no place to report them.
func (a *app) complete(arguments ...names) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) >= len(arguments) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		f, err := a.load(cmd.Context(), nil)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return arguments[len(args)](f, args), cobra.ShellCompDirectiveNoFileComp
	}
}

// completion is "mlfleet completion".
func (a *app) completion() *cobra.Command {
	shells := map[string]func(root *cobra.Command) error{
		"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(a.stdout, true) },
		"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(a.stdout) },
		"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(a.stdout, true) },
		"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(a.stdout) },
	}
	known := slices.Sorted(maps.Keys(shells))
	return &cobra.Command{
		Use:   "completion SHELL",
		Short: "Print a script that completes commands, tenants, clusters and pins",
		Long: `Completion prints a script for bash, zsh, fish or powershell. Loaded into the shell,
it completes commands and flags, and from the fleet the names of tenants, clusters,
environments and pins.`,
		Example: `  source <(mlfleet completion bash)
  mlfleet completion zsh > "${fpath[1]}/_mlfleet"
  mlfleet completion fish > ~/.config/fish/completions/mlfleet.fish
  mlfleet completion powershell | Out-String | Invoke-Expression`,
		Args:              arguments("SHELL"),
		ValidArgsFunction: cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp),
		RunE: func(cmd *cobra.Command, args []string) error {
			script := shells[args[0]]
			if script == nil {
				return misused(cmd.CommandPath(), "there is no completion for shell %q%s", args[0], mend(args[0], known))
			}
			return script(cmd.Root())
		},
	}
}
