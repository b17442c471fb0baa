package tree_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
)

// asNobody runs something as a user whom permissions bind, who owns the folder.
// Root becomes one for one thread: Linux keeps the identity for file access per
// thread, and drops root's right to pass over permissions with it.
func asNobody(t *testing.T, root string, run func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		run()
		return
	}
	const nobody = 65534
	err := filepath.WalkDir(root, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(p, nobody, nobody)
	})
	if err != nil {
		t.Fatal(err)
	}
	// The folders that lead to the root are the test's, closed to others.
	for dir := filepath.Dir(root); dir != filepath.Dir(os.TempDir()) && dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.Mode().Perm()&0o001 == 0 {
			if err := os.Chmod(dir, info.Mode().Perm()|0o011); err != nil {
				t.Fatal(err)
			}
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		syscall.RawSyscall(syscall.SYS_SETFSUID, nobody, 0, 0)
		run()
	}()
	<-done
}
