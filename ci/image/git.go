package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// repository is the root of a Git checkout.
type repository string

// elsewhere are variables with which a caller (a hook, say) has Git read another
// repository, other objects or other paths than it is asked for.
var elsewhere = []string{
	"GIT_DIR=", "GIT_WORK_TREE=", "GIT_COMMON_DIR=", "GIT_INDEX_FILE=", "GIT_NAMESPACE=", "GIT_SHALLOW_FILE=", "GIT_GRAFT_FILE=",
	"GIT_OBJECT_DIRECTORY=", "GIT_ALTERNATE_OBJECT_DIRECTORIES=", "GIT_REPLACE_REF_BASE=",
	"GIT_LITERAL_PATHSPECS=", "GIT_GLOB_PATHSPECS=", "GIT_NOGLOB_PATHSPECS=", "GIT_ICASE_PATHSPECS=",
}

// run gives what a Git command prints.
func (r repository) run(ctx context.Context, args ...string) (string, error) {
	return r.answer(ctx, nil, args...)
}

// answer gives what a Git command prints that reads something. Objects that
// stand in for others (git replace) do not: everybody else has the others.
func (r repository) answer(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", string(r), "--no-optional-locks", "--no-replace-objects"}, args...)...)
	cmd.Stdin = stdin
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return slices.ContainsFunc(elsewhere, func(p string) bool { return strings.HasPrefix(v, p) })
	})
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return "", fmt.Errorf("git is needed to name the commit of the image; install it: %w", err)
		}
		return "", fmt.Errorf("git %s in %s: %w: %s", args[0], r, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.String(), nil
}

// changed are the files that differ from the commit, new ones included, sorted:
// as far as Git tells. Files that it was told to ignore, or to believe unchanged,
// are not among them.
func (r repository) changed(ctx context.Context, paths []string) ([]string, error) {
	out, err := r.run(ctx, append([]string{"status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--"}, paths...)...)
	if err != nil {
		return nil, err
	}
	var files []string
	for entry := range strings.SplitSeq(out, "\x00") {
		if len(entry) > 3 { // two letters of status and a space
			files = append(files, entry[3:])
		}
	}
	slices.Sort(files)
	return files, nil
}
