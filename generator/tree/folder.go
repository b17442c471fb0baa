package tree

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// folder is the tree's root, open and locked.
type folder struct {
	path string
	root *os.Root // nil where a dry run finds no folder
	lock *os.File // the folder itself; closing it ends the lock
	made bool     // by this run
}

// open makes the folder if need be, and locks it: against every other run to
// write, against those that write for a dry run.
func (w Writer) open(ctx context.Context) (*folder, error) {
	started := time.Now()
	for {
		f, err := w.openOnce()
		if err != nil || f.lock == nil {
			return f, err
		}
		if err := w.acquire(ctx, f.lock, started); err != nil {
			f.close(false)
			return nil, err
		}
		// The run that was waited for may have removed the folder that it had
		// made, or somebody may have moved it: then the lock is on nothing.
		if there, err := os.Lstat(f.path); err == nil {
			if held, err := f.lock.Stat(); err == nil && os.SameFile(there, held) {
				return f, nil
			}
		}
		f.close(false)
	}
}

func (w Writer) openOnce() (*folder, error) {
	f := &folder{path: filepath.Clean(w.Root)}
	info, err := os.Lstat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && w.DryRun:
		return f, nil
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(f.path, 0o755); err != nil {
			return nil, ioError("make", f.path, err)
		}
		f.made = true
	case err != nil:
		return nil, ioError("open", f.path, err)
	case info.Mode().IsRegular():
		return nil, w.refuseRoot("a file, not a folder")
	case !info.IsDir():
		return nil, w.refuseRoot(kind(info.Mode()) + ", not a folder")
	}
	if f.root, err = os.OpenRoot(f.path); err != nil {
		return nil, ioError("open", f.path, err)
	}
	if f.lock, err = f.root.Open("."); err != nil {
		f.close(false)
		return nil, ioError("open", f.path, err)
	}
	return f, nil
}

func (w Writer) refuseRoot(reason string) error {
	return &ForeignError{Root: w.Root, Header: w.Header, Found: []Foreign{{Path: ".", Reason: reason}}}
}

// lockPoll is how often a waiting run asks again. flock can wait by itself, but
// not until a time or the end of a context.
const lockPoll = 20 * time.Millisecond

func (w Writer) acquire(ctx context.Context, dir *os.File, started time.Time) error {
	for {
		free, err := tryLock(dir, w.DryRun)
		switch {
		case err != nil:
			return ioError("lock", w.Root, err)
		case free:
			return nil
		case time.Since(started) >= w.Wait:
			pid, name := holder(dir)
			return &LockedError{Root: w.Root, PID: pid, Name: name, Waited: w.Wait}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for another run on %s: %w", w.Root, context.Cause(ctx))
		case <-time.After(lockPoll):
		}
	}
}

// close ends the lock. After a failure it takes back a folder that the run had
// made, unless there is something in it, and before anybody else can lock it.
func (f *folder) close(failed bool) {
	if failed && f.made {
		_ = os.Remove(f.path) // fails where there is something in it, as it should
	}
	if f.root != nil {
		_ = f.root.Close()
	}
	if f.lock != nil {
		_ = f.lock.Close()
	}
}
