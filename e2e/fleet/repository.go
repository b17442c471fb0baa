package fleet

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is a fleet in a Git repository.
type Repository struct {
	Dir     string // the working tree
	mlfleet string // the program
}

// inputs are the parts of a fleet that people write.
var inputs = []string{"fleet.yaml", "regions", "environments", "tenants"}

// Copy makes a new repository in dir with the inputs of the fleet in source. The
// program mlfleet will generate its output; nothing is committed yet.
func Copy(ctx context.Context, source, dir, mlfleet string) (*Repository, error) {
	r := &Repository{Dir: dir, mlfleet: mlfleet}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("copying the fleet: %w", err)
	}
	for _, name := range inputs {
		from, to := filepath.Join(source, name), filepath.Join(dir, name)
		info, err := os.Stat(from)
		if err == nil && info.IsDir() {
			err = os.CopyFS(to, os.DirFS(from))
		} else if err == nil {
			err = copyFile(from, to)
		}
		if err != nil {
			return nil, fmt.Errorf("copying the fleet: %w", err)
		}
	}
	_, err := r.git(ctx, "init", "--quiet", "--initial-branch=main")
	return r, err
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// URL is how Argo CD reads the repository.
func (r *Repository) URL() string { return "file://" + r.Dir }

// Use has another program mlfleet generate from now on.
func (r *Repository) Use(mlfleet string) { r.mlfleet = mlfleet }

// Generate brings golden/ up to date with the inputs.
func (r *Repository) Generate(ctx context.Context) error {
	return r.run(ctx, r.mlfleet, "-C", r.Dir, "--quiet", "generate")
}

// Commit commits everything and gives the new revision.
func (r *Repository) Commit(ctx context.Context, message string) (string, error) {
	if _, err := r.git(ctx, "add", "--all"); err != nil {
		return "", err
	}
	if _, err := r.git(ctx, "commit", "--quiet", "--message", message); err != nil {
		return "", err
	}
	return r.git(ctx, "rev-parse", "HEAD")
}

// Changed lists the files that the last commit changed.
func (r *Repository) Changed(ctx context.Context) ([]string, error) {
	out, err := r.git(ctx, "diff", "--name-only", "HEAD^", "HEAD")
	return strings.Fields(out), err
}

func (r *Repository) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.Dir
	// Nothing of the machine's own settings.
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=e2e", "GIT_AUTHOR_EMAIL=e2e@mlfleet.example",
		"GIT_COMMITTER_NAME=e2e", "GIT_COMMITTER_EMAIL=e2e@mlfleet.example")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

func (r *Repository) run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return nil
}

// Branch commits files, by path, to a branch that starts anew at the last commit and
// leaves main as it is.
func (r *Repository) Branch(ctx context.Context, name string, files map[string]string) error {
	tree := r.Dir + "-" + name
	if _, err := r.git(ctx, "worktree", "add", "--quiet", "-B", name, tree, "main"); err != nil {
		return err
	}
	branch := &Repository{Dir: tree}
	for path, content := range files {
		file := filepath.Join(tree, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return fmt.Errorf("filling branch %s: %w", name, err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			return fmt.Errorf("filling branch %s: %w", name, err)
		}
	}
	if _, err := branch.Commit(ctx, "Fill "+name); err != nil {
		return err
	}
	_, err := r.git(ctx, "worktree", "remove", "--force", tree)
	return err
}
