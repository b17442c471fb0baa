package command

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

// plugin is a command that another program of this project does. Such programs
// live in Go modules of their own, because what they need (Trivy, Argo CD)
// would otherwise be compiled by everybody who only generates.
type plugin struct {
	command string // the program's first argument, as it is mlfleet's
	args    string // after it, for the help
	short   string
	long    string
	example string
	program string // its file name
	build   string // makes it, in a checkout of this repository
}

// plugins are all commands of other programs.
func plugins() []plugin {
	return []plugin{
		{
			command: "promote", args: "NAME --from ENV --to ENV", short: "Copy a proven image from one environment to another",
			long: `Promote writes an image's digest from one environment's images.yaml to another's, and
only if its signature, its SBOM, its scan and its origin verify. 'mlfleet generate'
then brings golden/ up to date.`,
			example: `  mlfleet promote inference --from staging --to production
  mlfleet promote inference --from staging --to production -o json`,
			program: "mlfleet-ci", build: "make -C ci build",
		},
		{
			command: "images", short: "List every image that runs or is pinned, and what is proven of it",
			long: `Images lists the images in golden/manifests and environments/*/images.yaml with
environment, digest, age of the scan, findings, waivers and signature. An image that
nothing proves is a finding: the exit code is 1.`,
			example: `  mlfleet images
  mlfleet images -o json | jq '.images[] | select(.unproven)'`,
			program: "mlfleet-ci", build: "make -C ci build",
		},
		{
			command: "preview", short: "Show the Applications that Argo CD will create",
			long: `Preview expands the ApplicationSets of golden/argocd with Argo CD's own engine, without a
server or network, and prints the Applications that Argo CD will have. What Argo CD
would refuse, or take otherwise than it is meant, is a finding: the exit code is 1.
With --against it tells which Applications a change creates, alters, orphans, deletes.`,
			example: `  mlfleet preview
  mlfleet preview --against origin/main... -o markdown
  mlfleet preview -o json | jq '.applications[] | select(.step == 1) | .application'`,
			program: "mlfleet-preview", build: "make -C preview build",
		},
	}
}

// plugin is "mlfleet promote" and its like: the program gets all that stands on
// the command line, also the flags before the command, and takes this process's
// place. So its terminal, its signals and its exit code are those of mlfleet.
func (a *app) plugin(p plugin) *cobra.Command {
	use := p.command + " [FLAG...]"
	if p.args != "" {
		use = p.command + " " + p.args
	}
	return &cobra.Command{
		Use:   use,
		Short: p.short,
		Long: fmt.Sprintf(`%s

This is 'mlfleet %s --help' where %s is there, which does it: beside mlfleet
or on PATH. Build it with '%s'.`, p.long, p.command, p.program, p.build),
		Example:               p.example,
		DisableFlagParsing:    true, // the flags are the program's
		DisableFlagsInUseLine: true,
		ValidArgsFunction:     cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := p.find()
			if err != nil && (slices.Contains(args, "--help") || slices.Contains(args, "-h")) {
				return cmd.Help()
			}
			if err != nil {
				return &diskError{fmt.Sprintf("cannot run %s, which does '%s'", p.program, cmd.CommandPath()), err}
			}
			err = become(path, append([]string{p.program, p.command}, args...))
			return &diskError{"cannot run " + path, err}
		},
	}
}

// find looks for the program beside this one, and then on PATH.
func (p plugin) find() (string, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", fmt.Errorf("where mlfleet itself is: %w", err)
	}
	beside := filepath.Join(filepath.Dir(self), p.program)
	if path, err := exec.LookPath(beside); err == nil {
		return path, nil
	}
	if path, err := exec.LookPath(p.program); err == nil {
		return path, nil
	}
	return "", fmt.Errorf("it is neither in %s nor on PATH: build it with '%s' in a checkout of mlfleet, and put it there",
		filepath.Dir(self), p.build)
}
