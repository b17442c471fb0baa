package command

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/policy"
)

// db is "mlfleet-ci db".
func (a *app) db() *cobra.Command {
	return group(&cobra.Command{
		Use:   "db COMMAND",
		Short: "Fetch, build and look at the vulnerability database",
		Long: `The database is Trivy's (schema 2): a folder with trivy.db and metadata.json, which the
whole Trivy reads as well. A scan refuses one that is older than the policy allows, is
from the future, or was changed since it was pulled or built.`,
		Example: `  mlfleet-ci db pull
  mlfleet-ci db pull --from registry.example.com/mirror/trivy-db:2
  mlfleet-ci db status`,
	}, a.dbPull(), a.dbBuild(), a.dbStatus())
}

func (a *app) dbPull() *cobra.Command {
	var places placeFlags
	var from []string
	cmd := &cobra.Command{
		Use:   "pull",
		Short: "Fetch the newest database from a registry",
		Long: `Pull fetches the database as an OCI artifact into ci/.cache/db, where scans look for
it, from the first repository that answers. A pull that fails leaves the old one.`,
		Example: `  mlfleet-ci db pull
  mlfleet-ci db pull --mirror ghcr.io=registry.example.com`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	places.add(a, cmd)
	cmd.Flags().StringArrayVar(&from, "from", advisory.DefaultRepositories(), "pull from `REPOSITORY`; may be repeated")
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		where, err := places.open(cmd.Context(), a, cmd)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, where.Close()) }()
		dir := pulledDB(a, cmd)
		m, _, err := pull(cmd.Context(), a, dir, from, where)
		if err != nil {
			return err
		}
		a.printDB(dir, &m)
		return nil
	}
	return cmd
}

func (a *app) dbBuild() *cobra.Command {
	var file, dir, cache string
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build a database from reviewed advisories",
		Long: `Build makes a database from a file of advisories that people have reviewed, for tests
and for places without network. It knows what stands in the file, and nothing else.`,
		Example: `  mlfleet-ci db build --db-dir /tmp/db
  mlfleet-ci db build --advisories my-advisories.yaml --db-dir /tmp/db`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&file, "advisories", "ci/advisories.yaml", "read the advisories in `FILE`")
	cmd.Flags().StringVar(&dir, "db-dir", "", "write the database to `DIR`, by default advisories-db in --cache")
	cmd.Flags().StringVar(&cache, "cache", "ci/.cache", "keep databases in `DIR`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if dir == "" {
			dir = filepath.Join(a.at(cmd, "cache"), "advisories-db")
		}
		m, err := buildDB(a, dir, a.at(cmd, "advisories"))
		if err != nil {
			return err
		}
		a.printDB(dir, &m)
		return nil
	}
	return cmd
}

func (a *app) dbStatus() *cobra.Command {
	var dir, cache, file string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Say how old the database is, and whether a scan would take it",
		Long: `Status opens the database as a scan does, with the policy's limits. One that a scan
would refuse makes the exit code 3.`,
		Example: `  mlfleet-ci db status
  mlfleet-ci db status --db-dir /tmp/db`,
		Args:              arguments(),
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&dir, "db-dir", "", "look at the database in `DIR`, by default the pulled one")
	cmd.Flags().StringVar(&cache, "cache", "ci/.cache", "keep databases in `DIR`")
	cmd.Flags().StringVar(&file, "policy", "ci/policy.yaml", "take the limits of the policy in `FILE`")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		limits, err := policy.Read(a.at(cmd, "policy"))
		if err != nil {
			return input(err)
		}
		if dir == "" {
			dir = pulledDB(a, cmd)
		}
		db, err := advisory.Open(dir, a.clock(), limits.Database.MaximumAge)
		if err != nil {
			return err
		}
		m := db.Metadata()
		a.printDB(dir, &m)
		return db.Close()
	}
	return cmd
}

func (a *app) printDB(dir string, m *advisory.Metadata) {
	fmt.Fprintf(a.stdout, "%s: schema %d, advisories of %s, %s old\n", dir, m.Version,
		m.UpdatedAt.UTC().Format(time.RFC3339), a.clock().Sub(m.UpdatedAt).Round(time.Hour))
}
