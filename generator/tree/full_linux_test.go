package tree_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// children are what this binary can do as a child process.
var children = map[string]func() error{
	"write":     writeUntilKilled,
	"full-disk": fillDisk,
	"file-size": exceedFileSize,
}

// A disk that is really full: a file system of 512 KiB, in a mount namespace
// that ends with the child.
func TestFullDisk(t *testing.T) {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	out, err := child("full-disk", t.TempDir(), attr)
	if errors.Is(err, syscall.EPERM) || bytes.Contains(out, []byte("cannot mount")) {
		t.Skipf("no right to mount a small file system here (%v): TestFileSizeLimit fails in the middle of a file too", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// A write that the kernel breaks off in its middle, as a full disk does, which
// needs no rights.
func TestFileSizeLimit(t *testing.T) {
	if out, err := child("file-size", t.TempDir(), nil); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func child(name, dir string, attr *syscall.SysProcAttr) ([]byte, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+name, "TREE_TEST_ROOT="+dir)
	cmd.SysProcAttr = attr
	return cmd.CombinedOutput()
}

func fillDisk() error {
	dir := os.Getenv("TREE_TEST_ROOT")
	// Else the mount would be seen outside where the root is shared.
	_ = syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, "")
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		return fmt.Errorf("cannot mount: %w", err)
	}
	old, next := tree.Tree{}, tree.Tree{}
	for i := range 40 {
		old[fmt.Sprintf("d%d/f%d", i%4, i)] = file(strings.Repeat("old ", 500))
		next[fmt.Sprintf("d%d/f%d", i%4, i)] = file(strings.Repeat("new ", 2500)) // 40 × 12 KiB, with 40 × 4 KiB old and the ballast
	}
	old["d9/stale"] = file("old")
	root, ballast := filepath.Join(dir, "golden"), filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 128<<10), 0o644); err != nil {
		return err
	}
	return failsThenCompletes(root, old, next, syscall.ENOSPC, func() error { return os.Remove(ballast) })
}

func exceedFileSize() error {
	old, next := of("a/1", "old", "b/2", "old", "c/3", "old"), of("a/1", "new", "b/2", strings.Repeat("new ", 50_000), "c/3", "new")
	signal.Ignore(syscall.SIGXFSZ) // so that the write fails instead
	var free syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &free); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: free.Max}); err != nil {
		return err
	}
	return failsThenCompletes(filepath.Join(os.Getenv("TREE_TEST_ROOT"), "golden"), old, next, syscall.EFBIG, func() error {
		return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &free)
	})
}

// failsThenCompletes writes one tree over another and wants it to fail in the
// middle, leaving each file old or new; once relieved, the next run completes.
func failsThenCompletes(root string, old, next tree.Tree, cause error, relieve func() error) error {
	ctx := context.Background()
	if _, err := writer(root).Write(ctx, old.Files()); err != nil {
		return fmt.Errorf("the first tree: %w", err)
	}
	res, err := writer(root).Write(ctx, next.Files())
	failed, ok := errors.AsType[*tree.IOError](err)
	if !ok || !errors.Is(err, cause) || !errors.Is(err, tree.ErrDisk) || failed.Op != "write" || !strings.HasPrefix(failed.Path, root) {
		return fmt.Errorf("got %v, want %v while writing a file below %s", err, cause, root)
	}
	fmt.Println(err)
	isOld, isNew, leftover, err := eachOldOrNew(root, old, next)
	switch {
	case err != nil:
		return err
	case isOld || isNew || len(res.Written) == 0 || res.Removed != nil:
		return fmt.Errorf("did not fail in the middle: %v", res)
	case leftover:
		return errors.New("the temporary file was left behind")
	}
	if err := relieve(); err != nil {
		return err
	}
	if _, err := writer(root).Write(ctx, next.Files()); err != nil {
		return fmt.Errorf("the run after the failed one: %w", err)
	}
	return exactly(root, next)
}
