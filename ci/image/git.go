package image

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

// repository is the root of a Git checkout.
type repository string

// run gives what a Git command prints. Variables with which a caller (a hook,
// say) points Git elsewhere are not passed on.
func (r repository) run(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", string(r), "--no-optional-locks"}, args...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GIT_DIR=") || strings.HasPrefix(v, "GIT_WORK_TREE=") || strings.HasPrefix(v, "GIT_INDEX_FILE=")
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

// changed are the files that differ from the commit, new ones included, sorted.
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
