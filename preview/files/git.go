package files

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

// ErrNoGit says that there is no git command.
var ErrNoGit = errors.New("the git command is not on PATH: install it")

// UnknownRevisionError says that the repository has no commit of that name.
type UnknownRevisionError struct {
	Dir, Name string
	// Shallow says that the clone lacks older commits, so that the name may be right.
	Shallow bool
}

func (e *UnknownRevisionError) Error() string {
	switch {
	case strings.Contains(strings.TrimSuffix(e.Name, "..."), ".."):
		return fmt.Sprintf("%q is a range, and one commit is wanted: name a branch, tag or commit, or BRANCH... for where HEAD left it", e.Name)
	case strings.Contains(e.Name, ":"):
		return fmt.Sprintf("%q is no commit, but something in one: name the branch, tag or commit alone", e.Name)
	}
	message := fmt.Sprintf("the repository of %s has no revision %q", e.Dir, e.Name)
	if e.Shallow {
		return message + ": the clone is shallow; fetch more of it (git fetch --unshallow; fetch-depth: 0 in GitHub's checkout action)"
	}
	return message + ": fetch it, or name a branch, tag or commit that is there"
}

// commandError is a git command that failed.
type commandError struct {
	args   []string
	stderr string
	err    error
}

func (e *commandError) Error() string {
	if e.stderr == "" {
		return fmt.Sprintf("git %s: %v", strings.Join(e.args, " "), e.err)
	}
	return fmt.Sprintf("git %s: %s", e.args[0], e.stderr)
}

func (e *commandError) Unwrap() error { return e.err }

// git runs the git command in a folder.
type git struct{ dir string }

// run returns what a command prints. None of those used here runs a hook, a filter or
// a pager, or writes to the repository.
func (g git) run(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	global := []string{"--no-pager", "--no-optional-locks", "--no-replace-objects", "--literal-pathspecs"}
	cmd := exec.CommandContext(ctx, "git", append(global, args...)...)
	cmd.Dir, cmd.Env = g.dir, environment(os.Environ())
	var out, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &stderr
	err := cmd.Run()
	switch {
	case err == nil:
		return out.Bytes(), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoGit
	}
	return nil, &commandError{args, strings.TrimSpace(stderr.String()), err}
}

// environment is the user's, less what would point git at another repository than the
// folder's (hooks set these), and without questions.
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

// commit is the id of the commit that name stands for. As in "git diff", "main..." is
// the commit at which HEAD left main. To git, a name that begins with a hyphen is an
// option, and with ^ everything but that revision; no branch or tag can be called so.
func (g git) commit(ctx context.Context, name string) (string, error) {
	if branch, ok := strings.CutSuffix(name, "..."); ok {
		return g.mergeBase(ctx, branch)
	}
	if name == "" || name[0] == '-' || name[0] == '^' || strings.ContainsAny(name, "\x00\n") {
		return "", &UnknownRevisionError{Dir: g.dir, Name: name}
	}
	out, err := g.run(ctx, nil, "rev-parse", "--verify", "--quiet", name+"^{commit}")
	if failed, ok := errors.AsType[*commandError](err); ok &&
		(failed.stderr == "" || strings.Contains(failed.stderr, "expected commit type")) {
		return "", g.unknown(ctx, name)
	}
	if err != nil {
		return "", fmt.Errorf("looking up revision %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (g git) mergeBase(ctx context.Context, branch string) (string, error) {
	from, err := g.commit(ctx, branch)
	if err != nil {
		return "", err
	}
	out, err := g.run(ctx, nil, "merge-base", from, "HEAD")
	// Git says nothing where the two have no commit in common.
	if failed, ok := errors.AsType[*commandError](err); ok && failed.stderr == "" {
		return "", g.unknown(ctx, branch+"...")
	}
	if err != nil {
		return "", fmt.Errorf("looking up where HEAD left %s: %w", branch, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func (g git) unknown(ctx context.Context, name string) error {
	shallow, err := g.run(ctx, nil, "rev-parse", "--is-shallow-repository")
	return &UnknownRevisionError{Dir: g.dir, Name: name, Shallow: err == nil && strings.TrimSpace(string(shallow)) == "true"}
}
