package command

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/pipeline"
	"github.com/mlfleet/mlfleet/ci/policy"
)

// gateFlags say by what images are judged.
type gateFlags struct {
	policy     string
	advisories string
	db         []string
	dbDir      string
}

func (f *gateFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	addPolicy(cmd, &f.policy)
	flags.StringArrayVar(&f.db, "db", nil, "pull the vulnerability database from `REPOSITORY` first; may be repeated: the first that answers")
	flags.StringVar(&f.dbDir, "db-dir", "", "use the vulnerability database in `DIR`")
	flags.StringVar(&f.advisories, "advisories", "", "build the vulnerability database from the reviewed advisories in `FILE`")
}

func addPolicy(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "policy", "ci/policy.yaml", "judge by the policy in `FILE`")
}

// open reads the policy and opens the database. Without a flag it is the one that
// 'mlfleet-ci db pull' fetched, or else, but not in CI, the reviewed advisories.
func (f *gateFlags) open(ctx context.Context, a *app, cmd *cobra.Command, where *registries) (*pipeline.Gate, error) {
	var named []string
	for _, flag := range []string{"db", "db-dir", "advisories"} {
		if cmd.Flags().Changed(flag) {
			named = append(named, "--"+flag)
		}
	}
	if len(named) > 1 {
		return nil, misused(cmd.CommandPath(), "%s exclude each other", strings.Join(named, " and "))
	}
	g := &pipeline.Gate{}
	path := a.at(cmd, "policy")
	var err error
	if g.Policy, err = policy.Read(path); err != nil {
		return nil, input(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the image policy: %w", err)
	}
	g.Digest = fmt.Sprintf("%x", sha256.Sum256(data))

	age, dir := g.Policy.Database.MaximumAge, f.dbDir
	switch pulled := pulledDB(a, cmd); {
	case f.advisories != "":
		age = g.Policy.Database.ReviewedMaximumAge
		dir, g.Origin, err = f.build(a, cmd, f.advisories)
	case len(f.db) > 0:
		dir = pulled
		_, g.Origin, err = pull(ctx, a, dir, f.db, where)
	case f.dbDir != "":
		g.Origin = filepath.ToSlash(f.dbDir)
	case isDir(pulled):
		dir, g.Origin = pulled, originOf(pulled)
	case a.inCI():
		return nil, misused(cmd.CommandPath(), "there is no vulnerability database: run 'mlfleet-ci db pull', or name one with --db, --db-dir or --advisories")
	default:
		sample := filepath.Join(a.dir, "ci", "advisories.yaml")
		a.say("no database was pulled: judging by the few reviewed advisories in %s; 'mlfleet-ci db pull' fetches Trivy's", sample)
		age = g.Policy.Database.ReviewedMaximumAge
		dir, g.Origin, err = f.build(a, cmd, sample)
	}
	if err != nil {
		return nil, err
	}
	g.DB, err = advisory.Open(dir, a.clock(), age)
	return g, err
}

// build makes a database of reviewed advisories.
func (f *gateFlags) build(a *app, cmd *cobra.Command, file string) (dir, origin string, err error) {
	dir = filepath.Join(a.at(cmd, "cache"), "advisories-db")
	_, err = buildDB(a, dir, file)
	return dir, reviewed(a, file), err
}

// reviewed names a file of advisories as it is named everywhere, not as on this
// machine.
func reviewed(a *app, file string) string {
	if below, err := filepath.Rel(a.dir, file); err == nil && filepath.IsLocal(below) {
		file = below
	}
	return filepath.ToSlash(file)
}

func buildDB(a *app, dir, file string) (advisory.Metadata, error) {
	f, err := advisory.Read(file)
	if err != nil {
		return advisory.Metadata{}, input(err)
	}
	return advisory.Build(dir, f, a.clock())
}

// pulledDB is where a pulled database lies; beside it stands where it is from.
func pulledDB(a *app, cmd *cobra.Command) string { return filepath.Join(a.at(cmd, "cache"), "db") }

// pull fetches the database from the first repository that answers, and notes
// which that was.
func pull(ctx context.Context, a *app, dir string, from []string, where *registries) (m advisory.Metadata, origin string, err error) {
	if len(from) == 0 {
		from = advisory.DefaultRepositories()
	}
	var failed []error
	for _, repository := range from {
		a.say("pulling the vulnerability database from %s", repository)
		m, err := advisory.Pull(ctx, dir, a.clock(), advisory.Source{Repositories: []string{repository}, Remote: where.outside.Options(ctx)})
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if err := os.WriteFile(dir+".origin", []byte(repository+"\n"), 0o644); err != nil {
			return m, "", fmt.Errorf("noting where the vulnerability database is from: %w", err)
		}
		return m, repository, nil
	}
	return m, "", errors.Join(failed...)
}

// originOf is what pull noted.
func originOf(dir string) string {
	if noted, err := os.ReadFile(dir + ".origin"); err == nil {
		return strings.TrimSpace(string(noted))
	}
	return filepath.ToSlash(dir)
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// input marks an error as one of a file that people write, unless the file could
// not be read at all.
func input(err error) error {
	if _, unreadable := errors.AsType[*fs.PathError](err); unreadable {
		return err
	}
	return &inputError{err}
}
