package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ctrl-C ends a run that waits with 130 and one sentence, and golden/ is as it was.
func TestInterrupt(t *testing.T) {
	dir, held := heldFleet(t)
	defer held.Close()
	before, err := stateOf(held.Name())
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "mlfleet", "generate", "--wait", "1h", "-C", dir)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitUntilOpen(t, cmd.Process.Pid, held.Name())
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || stdout.Len() > 0 || !strings.HasPrefix(stderr.String(), "mlfleet: interrupted") {
		t.Errorf("ended with %d and printed %q and %q", code, &stdout, &stderr)
	}
	after, err := stateOf(held.Name())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(before, "\n") != strings.Join(after, "\n") {
		t.Errorf("golden/ was\n%q and is\n%q", before, after)
	}
}

// heldFleet is a generated fleet whose golden/ another run holds.
func heldFleet(t *testing.T) (dir string, held *os.File) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(smallFleet)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "mlfleet", "generate", "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	held, err := os.Open(filepath.Join(dir, "golden"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(held.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	return dir, held
}

// waitUntilOpen waits until a process has a folder open.
func waitUntilOpen(t *testing.T, pid int, dir string) {
	t.Helper()
	for range 1000 {
		files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if target, err := os.Readlink(file); err == nil && target == dir {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("process %d never opened %s", pid, dir)
}
