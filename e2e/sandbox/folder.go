package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

const (
	folderPrefix = "mlfleet-e2e-"
	lockName     = "lock"
)

// makeFolder makes the temporary folder, and removes those of sandboxes that were killed
// and could not do so themselves. The lock is held as long as the sandbox lives; the kernel
// lets go of it, however it ends.
func makeFolder() (dir string, lock *os.File, err error) {
	if err := removeAbandoned(os.TempDir()); err != nil {
		return "", nil, err
	}
	if dir, err = os.MkdirTemp("", folderPrefix); err != nil {
		return "", nil, err
	}
	lock, err = os.Create(filepath.Join(dir, lockName))
	if err == nil {
		err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		return "", nil, fmt.Errorf("locking the folder %s: %w", dir, err)
	}
	return dir, lock, nil
}

// removeAbandoned removes the folders whose locks nobody holds.
func removeAbandoned(temporary string) error {
	locks, err := filepath.Glob(filepath.Join(temporary, folderPrefix+"*", lockName))
	if err != nil {
		return err
	}
	for _, file := range locks {
		lock, err := os.Open(file)
		if err != nil {
			continue // gone by now, or somebody else's
		}
		if syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			err = os.RemoveAll(filepath.Dir(file))
		}
		lock.Close()
		if err != nil {
			return fmt.Errorf("removing what a killed run has left: %w", err)
		}
	}
	return nil
}
