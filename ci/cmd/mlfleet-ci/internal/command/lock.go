package command

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/debian"
)

// lock is "mlfleet-ci lock".
func (a *app) lock() *cobra.Command {
	var file, cache string
	cmd := &cobra.Command{
		Use:   "lock",
		Short: "Look up newer Debian packages for the base layer",
		Long: `Lock asks Debian's archive, whose signature it checks, for the newest versions of the
packages in ci/debian.lock, and writes the file if any is newer. The mirror is the one
in ` + debian.MirrorVariable + `. Review and commit the file on its own: it changes the image.`,
		Example: `  mlfleet-ci lock
  ` + debian.MirrorVariable + `=http://mirror.example.com mlfleet-ci lock`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&file, "file", "ci/debian.lock", "renew `FILE`")
	cmd.Flags().StringVar(&cache, "cache", "ci/.cache", "keep packages in `DIR`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		file := a.at(cmd, "file")
		old, err := debian.ReadLock(file)
		if err != nil {
			return input(err)
		}
		archive := debian.NewArchive(a.getenv(debian.MirrorVariable), filepath.Join(a.at(cmd, "cache"), "debian"))
		renewed, err := archive.Lock(cmd.Context(), old.Suite, a.clock(), slices.Sorted(maps.Keys(old.Packages)), packageNames(old))
		if err != nil {
			return err
		}
		changes := versionChanges(old, renewed)
		if len(changes) == 0 {
			fmt.Fprintf(a.stdout, "%s: every package is the newest\n", file)
			return nil
		}
		if err := renewed.Write(file); err != nil {
			return err
		}
		for _, c := range changes {
			fmt.Fprintln(a.stdout, c)
		}
		return nil
	}
	return cmd
}

// packageNames are the packages of all architectures.
func packageNames(l *debian.Lock) []string {
	var names []string
	for _, packages := range l.Packages {
		for _, p := range packages {
			names = append(names, p.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// versionChanges tells what is newer, a line each.
func versionChanges(old, renewed *debian.Lock) []string {
	var changes []string
	for _, architecture := range slices.Sorted(maps.Keys(renewed.Packages)) {
		before := map[string]debian.Package{}
		for _, p := range old.Packages[architecture] {
			before[p.Name] = p
		}
		for _, p := range renewed.Packages[architecture] {
			if was := before[p.Name]; was.SHA256 != p.SHA256 {
				changes = append(changes, fmt.Sprintf("%s (%s): %s -> %s", p.Name, architecture, orNone(was.Version), p.Version))
			}
		}
	}
	return changes
}
