package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// At a terminal, findings have colour, unless NO_COLOR is set.
func TestColour(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(smallFleet)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "fleet.yaml")); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		environment []string
		colour      bool
	}{
		{[]string{"TERM=xterm"}, true},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, false},
		{[]string{"TERM=dumb"}, false},
	} {
		screen := onTerminal(t, test.environment, nil, "validate", "-C", dir)
		screen = strings.ReplaceAll(screen, "\r\x1b[K", "") // progress, where the run takes long: no colour
		if got := strings.Contains(screen, "\x1b["); got != test.colour || !strings.Contains(screen, "the file is missing") {
			t.Errorf("with %q the terminal shows %q", test.environment, screen)
		}
	}
}

// A run that takes long tells a terminal what it does, and takes the line away.
func TestProgress(t *testing.T) {
	dir, held := heldFleet(t)
	const said = "golden/: reading what is there, once no other run holds it"
	screen := onTerminal(t, nil, func(soFar string) {
		if strings.Contains(soFar, said) {
			held.Close() // which lets the run go on
		}
	}, "generate", "--wait", "1m", "-C", dir)
	want := "\r\x1b[K" + said + "\r\x1b[K"
	if !strings.Contains(screen, want) || strings.Count(screen, "\n") > 0 {
		t.Errorf("the terminal shows %q, which lacks %q", screen, want)
	}
}

// onTerminal runs mlfleet with standard error on a terminal, and returns what that
// shows. watch, unless nil, sees it grow.
func onTerminal(t *testing.T, environment []string, watch func(soFar string), args ...string) string {
	t.Helper()
	ours, theirs := openTerminal(t)
	cmd := exec.CommandContext(t.Context(), "mlfleet", args...)
	cmd.Env = append(os.Environ(), environment...)
	cmd.Stderr = theirs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	var screen strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := ours.Read(buffer) // EIO once the last process has closed its side
		screen.Write(buffer[:n])
		if watch != nil {
			watch(screen.String())
		}
		if err != nil {
			break
		}
	}
	cmd.Wait()
	return screen.String()
}

// openTerminal makes a pseudo-terminal: what is written to theirs is read from ours.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { ours.Close() })
	var number, locked int32
	for _, call := range []struct {
		request uintptr
		value   *int32
	}{{syscall.TIOCGPTN, &number}, {syscall.TIOCSPTLCK, &locked}} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, ours.Fd(), call.request, uintptr(unsafe.Pointer(call.value))); errno != 0 {
			t.Fatalf("preparing the pseudo-terminal: %v", errno)
		}
	}
	theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
