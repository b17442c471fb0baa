package revision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// git runs the git command in a folder.
type git struct{ dir string }

// repository is what git knows of the repository around a folder.
type repository struct {
	prefix  string // the folder, from the repository's top, slash-separated; "." is the top
	shallow bool
}

// command prepares a run. None of the commands used here runs a hook, a filter
// or a pager, writes to the repository, or reads the index.
func (g git) command(ctx context.Context, args ...string) *exec.Cmd {
	global := []string{"--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs"}
	cmd := exec.CommandContext(ctx, "git", append(global, args...)...)
	cmd.Dir = g.dir
	cmd.Env = environment(os.Environ())
	return cmd
}

// environment is the user's, less what would point git at another repository
// than the folder's (hooks set these), and with messages that can be recognised.
func environment(env []string) []string {
	elsewhere := []string{
		"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
		"GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE", "GIT_GRAFT_FILE",
	}
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(elsewhere, name)
	})
	return append(env, "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
}

// run returns what a command prints.
func (g git) run(ctx context.Context, args ...string) (string, error) {
	cmd := g.command(ctx, args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		return "", g.failure(ctx, args, stderr.String(), err)
	}
	return out.String(), nil
}

// failure is the error of a command that did not end well.
func (g git) failure(ctx context.Context, args []string, stderr string, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return ErrNoGit
	case strings.Contains(stderr, "not a git repository"):
		return &NotRepositoryError{Dir: g.dir}
	}
	return &CommandError{Args: args, Stderr: strings.TrimSpace(stderr), Err: err}
}

func (g git) repository(ctx context.Context) (repository, error) {
	out, err := g.run(ctx, "rev-parse", "--is-shallow-repository", "--show-prefix")
	if err != nil {
		return repository{}, err
	}
	shallow, prefix, _ := strings.Cut(out, "\n")
	prefix = strings.TrimSuffix(prefix, "\n")
	if prefix == "" {
		prefix = "."
	}
	return repository{prefix: prefix, shallow: shallow == "true"}, nil
}

// commit is the id of the commit that name stands for. To git, a name that begins
// with a hyphen is an option, and with ^ everything but that revision; no branch
// or tag can be called so.
func (g git) commit(ctx context.Context, repo repository, name string) (string, error) {
	if branch, ok := strings.CutSuffix(name, "..."); ok {
		return g.mergeBase(ctx, repo, branch)
	}
	unknown := &UnknownRevisionError{Dir: g.dir, Name: name, Shallow: repo.shallow}
	if name == "" || name[0] == '-' || name[0] == '^' || strings.ContainsAny(name, "\x00\n") {
		return "", unknown
	}
	out, err := g.run(ctx, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if err != nil {
		failed, ok := errors.AsType[*CommandError](err)
		if ok && (failed.Stderr == "" || strings.Contains(failed.Stderr, "expected commit type")) {
			return "", unknown
		}
		return "", fmt.Errorf("looking up revision %s: %w", name, err)
	}
	return strings.TrimSpace(out), nil
}

// mergeBase is the commit at which the checked-out branch left the given one.
func (g git) mergeBase(ctx context.Context, repo repository, branch string) (string, error) {
	var commits [2]string
	for i, name := range []string{branch, "HEAD"} {
		commit, err := g.commit(ctx, repo, name)
		if err != nil {
			return "", err
		}
		commits[i] = commit
	}
	out, err := g.run(ctx, "merge-base", commits[0], commits[1])
	if err != nil {
		// Git says nothing where the two have no commit in common.
		if failed, ok := errors.AsType[*CommandError](err); ok && failed.Stderr == "" {
			return "", &UnknownRevisionError{Dir: g.dir, Name: branch + "...", Shallow: repo.shallow}
		}
		return "", fmt.Errorf("looking up where HEAD left %s: %w", branch, err)
	}
	return strings.TrimSpace(out), nil
}
