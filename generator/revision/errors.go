package revision

import (
	"errors"
	"fmt"
	"strings"
)

// ErrNoGit says that there is no git command.
var ErrNoGit = errors.New("the git command is not on PATH: install it, or compare with a folder instead")

// NotRepositoryError says that a folder is in no Git repository.
type NotRepositoryError struct {
	Dir string
}

func (e *NotRepositoryError) Error() string {
	return fmt.Sprintf("%s is not in a Git repository", e.Dir)
}

// UnknownRevisionError says that the repository has no commit of that name.
type UnknownRevisionError struct {
	Dir, Name string
	// Shallow says that the clone lacks older commits, so that the name may well
	// be right.
	Shallow bool
}

func (e *UnknownRevisionError) Error() string {
	message := fmt.Sprintf("the repository of %s has no revision %q", e.Dir, e.Name)
	if e.Shallow {
		return message + ": the clone is shallow; fetch more of it (git fetch --unshallow; fetch-depth: 0 in GitHub's checkout action)"
	}
	return message + ": fetch it, or name a branch, tag or commit that is there"
}

// CommandError is a git command that failed.
type CommandError struct {
	Args   []string
	Stderr string // what git said
	Err    error
}

func (e *CommandError) Error() string {
	if e.Stderr == "" {
		return fmt.Sprintf("git %s: %v", strings.Join(e.Args, " "), e.Err)
	}
	return fmt.Sprintf("git %s: %s", strings.Join(e.Args, " "), e.Stderr)
}

func (e *CommandError) Unwrap() error { return e.Err }
