package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// folder is how the inner process is told the temporary folder, and that it is the
// inner one.
const folder = "MLFLEET_E2E_SANDBOX"

// Inside is the temporary folder of the sandbox that this process runs in.
func Inside() (dir string, ok bool) { return os.LookupEnv(folder) }

// Run runs this very binary again, with the same arguments, inside a sandbox, and
// gives its exit code. Where that is not 0, the servers' logs are copied to the
// folder logs.
func Run(logs string) (int, error) {
	// The kernel kills the inner process when the thread that started it ends, and tells
	// this thread when our parent does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	program, err := os.Executable()
	if err != nil {
		return 0, fmt.Errorf("making the sandbox: %w", err)
	}
	if err := endWithParent(); err != nil {
		return 0, fmt.Errorf("making the sandbox: %w", err)
	}
	dir, lock, err := makeFolder()
	if err != nil {
		return 0, fmt.Errorf("making the sandbox: %w", err)
	}
	defer lock.Close()
	defer os.RemoveAll(dir)

	inner := exec.Command(program, os.Args[1:]...)
	inner.Env = append(os.Environ(), folder+"="+dir)
	inner.Stdin, inner.Stdout, inner.Stderr = os.Stdin, os.Stdout, os.Stderr
	inner.SysProcAttr = namespaces()
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(interrupts)
	if err := inner.Start(); err != nil {
		return 0, fmt.Errorf("starting the tests in namespaces of their own (that takes root, or unprivileged user namespaces): %w", err)
	}

	stop := make(chan struct{})
	measured := make(chan struct{})
	go func() { defer close(measured); measure(inner.Process.Pid, filepath.Join(dir, memoryFile), stop) }()
	go func() {
		select {
		case <-interrupts:
			_ = inner.Process.Kill() // and the kernel all others
		case <-stop:
		}
	}()
	err = inner.Wait()
	close(stop)
	<-measured

	code := inner.ProcessState.ExitCode()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 0, fmt.Errorf("waiting for the tests: %w", err)
	}
	if code != 0 {
		keep(dir, logs)
	}
	return code, nil
}

// endWithParent has the kernel interrupt this process when the one that started it ends: a
// shell that is told to end by make, or by a pipeline, does not pass that on.
func endWithParent() error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0)
	if errno != 0 {
		return fmt.Errorf("asking to be told of the parent's end: %w", errno)
	}
	return nil
}

// namespaces asks for a network, process numbers and mounts of the child's own, and
// where we are not root for a user namespace that allows them.
func namespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if uid := os.Getuid(); uid != 0 {
		attr.Cloneflags |= syscall.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// keep copies the servers' logs out of the sandbox; they say why a test failed.
func keep(dir, logs string) {
	_ = os.RemoveAll(logs)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".log" {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		flat := strings.ReplaceAll(strings.TrimPrefix(path, dir+"/"), "/", ".")
		if err := os.MkdirAll(logs, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(logs, flat), content, 0o644)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e: keeping the logs:", err)
		return
	}
	fmt.Fprintln(os.Stderr, "e2e: the servers' logs are in", logs)
}

// interval is how often memory is measured: often enough to see a start-up's
// peak, rarely enough to cost nothing.
const interval = 5 * time.Second
