package processes_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/processes"
)

func start(t *testing.T, script string) *processes.Process {
	t.Helper()
	p, err := processes.Start(processes.Command{Name: "server", Path: "/bin/sh", Args: []string{"-c", script}, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// said waits until a server's log has a line.
func said(t *testing.T, p *processes.Process, line string) {
	t.Helper()
	err := p.Ready(t.Context(), func(context.Context) error {
		if !strings.Contains(p.Tail(10), line) {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestEndedEarly(t *testing.T) {
	p := start(t, "echo no disk; exit 3")
	err := p.Ready(t.Context(), func(context.Context) error { return errors.New("not yet") })
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("the error does not say how the server ended and what it said last: %v", err)
	}
}

func TestNeverReady(t *testing.T) {
	p := start(t, "echo thinking; sleep 1000")
	said(t, p, "thinking")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := p.Ready(ctx, func(context.Context) error { return errors.New("still thinking") })
	if err == nil || !strings.Contains(err.Error(), "still thinking") {
		t.Errorf("the error does not say what was missing: %v", err)
	}
}

// TestKillAndRestart makes sure that a killed server's children go too, and that it comes
// back with the same arguments and goes on with its log.
func TestKillAndRestart(t *testing.T) {
	p := start(t, "sleep 1000 & echo child $!; wait")
	said(t, p, "child ")
	child := strings.Fields(p.Tail(1))[1]
	p.Kill()
	if !p.Ended() {
		t.Error("a killed server has not ended")
	}
	for { // the kernel takes a moment; the test's own time limit ends us
		state, err := os.ReadFile(filepath.Join("/proc", child, "stat"))
		if err != nil || strings.Contains(string(state), ") Z ") {
			break
		}
	}
	if err := p.Restart(); err != nil {
		t.Fatal(err)
	}
	if err := p.Restart(); err == nil {
		t.Error("a running server was started twice")
	}
	err := p.Ready(t.Context(), func(context.Context) error {
		if strings.Count(p.Tail(10), "child ") < 2 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestFreePorts(t *testing.T) {
	ports, err := processes.FreePorts(20)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if port == 0 || seen[port] {
			t.Errorf("port %d of %v is none or not the only one", port, ports)
		}
		seen[port] = true
	}
}
