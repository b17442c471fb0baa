package tree

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// ErrDisk is what every failure to read, write or lock the folder answers to
// under [errors.Is], as opposed to an error that the stream carried, a
// [BadFileError] or a cancelled context. A command line exits with 3 on it.
var ErrDisk = errors.New("the tree could not be read or written")

// IOError is a failed operation on one path.
type IOError struct {
	Op   string // what was being done: "write", "remove", ...
	Path string // as the user would name it: root and path within
	Err  error  // the operating system's
}

func (e *IOError) Error() string        { return fmt.Sprintf("%s %s: %v", e.Op, e.Path, e.Err) }
func (e *IOError) Unwrap() error        { return e.Err }
func (e *IOError) Is(target error) bool { return target == ErrDisk }

// ioError leaves out what the os package says about the path itself: relative
// to a folder that the user has never heard of, and the temporary name at that.
func ioError(op, path string, err error) error {
	return &IOError{Op: op, Path: path, Err: bare(err)}
}

func bare(err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		return cause.Err
	}
	if cause, ok := errors.AsType[*os.LinkError](err); ok {
		return cause.Err
	}
	return err
}

// Foreign is something in the folder that a run did not make.
type Foreign struct {
	Path   string // relative to the root; "." is the root itself
	Reason string // "a symbolic link", "a file without the header line", ...
	Err    error  // the operating system's, where something could not be read; else nil
}

// ForeignError says that the folder holds what no run made, so that nothing in
// it was changed.
type ForeignError struct {
	Root   string
	Header string
	Found  []Foreign // in the order of their paths, at least one
}

// namedForeign is how many foreign paths a message names: enough to see what
// kind they are, few enough to see the advice below them.
const namedForeign = 10

func (e *ForeignError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s holds what was not generated; nothing was changed:\n", e.Root)
	for i, f := range e.Found {
		if i == namedForeign {
			fmt.Fprintf(&b, "  and %d more\n", len(e.Found)-i)
			break
		}
		fmt.Fprintf(&b, "  %s: %s\n", f.Path, f.Reason)
	}
	fmt.Fprintf(&b, "move it out of %s or delete it, then run again (generated files begin with %q)", e.Root, e.Header)
	return b.String()
}

func (e *ForeignError) Is(target error) bool { return target == ErrDisk }

// Unwrap gives the operating system's errors.
func (e *ForeignError) Unwrap() []error {
	var errs []error
	for _, f := range e.Found {
		if f.Err != nil {
			errs = append(errs, f.Err)
		}
	}
	return errs
}

// LockedError says that another run holds the folder.
type LockedError struct {
	Root   string
	PID    int           // of the holder; 0 where the system does not tell
	Name   string        // the holder's program; may be empty
	Waited time.Duration // how long it was waited for
}

func (e *LockedError) Error() string {
	holder := "another process"
	if e.PID != 0 {
		holder = fmt.Sprintf("process %d", e.PID)
		if e.Name != "" {
			holder += " (" + e.Name + ")"
		}
	}
	if e.Waited > 0 {
		return fmt.Sprintf("%s is being written by %s, still after %v: wait for it to end, then run again", e.Root, holder, e.Waited)
	}
	return fmt.Sprintf("%s is being written by %s: wait for it to end, then run again", e.Root, holder)
}

func (e *LockedError) Is(target error) bool { return target == ErrDisk }

// BadFileError says that the stream held a file that cannot be part of a tree:
// a mistake in whatever made the stream, not of the disk or the user.
type BadFileError struct {
	Path   string
	Reason string
}

func (e *BadFileError) Error() string { return fmt.Sprintf("generated file %q: %s", e.Path, e.Reason) }
