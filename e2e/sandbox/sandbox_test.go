package sandbox_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/e2e/sandbox"
)

// act says what this binary does instead of running tests: it is both the outer and the
// inner process of a sandbox then.
const act = "MLFLEET_SANDBOX_TEST"

func TestMain(m *testing.M) {
	what, acting := os.LookupEnv(act)
	if !acting {
		os.Exit(m.Run())
	}
	if _, inside := sandbox.Inside(); inside {
		os.Exit(inner(what))
	}
	code, err := sandbox.Run(os.Getenv("LOGS"))
	if err != nil {
		fmt.Println(err)
		code = 99
	}
	os.Exit(code)
}

// inner is what goes on inside: a server that nobody stops, and a log.
func inner(what string) int {
	if err := sandbox.Enter(); err != nil {
		fmt.Println(err)
		return 98
	}
	dir, _ := sandbox.Inside()
	fmt.Println("folder", dir)
	if err := os.WriteFile(filepath.Join(dir, "server.log"), []byte("what the server said"), 0o644); err != nil {
		fmt.Println(err)
		return 97
	}
	if _, err := os.Stat(outside); os.IsNotExist(err) { // else mounting is forbidden here
		if err := os.WriteFile(shared, nil, 0o600); err != nil && !os.IsNotExist(err) {
			fmt.Println(err)
			return 92
		}
	}
	orphan := exec.Command("sleep", marker)
	orphan.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // as far from us as it can get
	if err := orphan.Start(); err != nil {
		fmt.Println(err)
		return 96
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return 95
	}
	defer l.Close()
	if _, err := net.DialTimeout("tcp", l.Addr().String(), time.Second); err != nil {
		fmt.Println("loopback:", err)
		return 94
	}
	if _, err := net.DialTimeout("tcp", "8.8.8.8:53", time.Second); err == nil {
		fmt.Println("the world is reachable")
		return 93
	}
	fmt.Println("ready")
	if what == "wait" {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		<-signals // and do not care
		select {}
	}
	return 7
}

// marker tells our orphan from other people's sleeping processes.
const marker = "987654.25"

// Files where all processes of a machine may leave some: one from inside a sandbox, and
// one from outside, which tells whether the inside has a folder of its own.
const (
	shared  = "/dev/shm/mlfleet-sandbox-" + marker
	outside = shared + "-outside"
)

// orphans counts the processes that a sandbox has left behind.
func orphans(t *testing.T) int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.HasPrefix(string(content), "sleep\x00"+marker) {
			count++
		}
	}
	return count
}

func outer(t *testing.T, what, logs string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), act+"="+what, "LOGS="+logs)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	return cmd, &out
}

// TestNothingStays runs a sandbox to its end: the exit code comes through, the logs are
// kept because it is not 0, and neither a process nor the folder stays behind.
func TestNothingStays(t *testing.T) {
	_ = os.WriteFile(outside, nil, 0o600) // where there is no /dev/shm, nothing stays in it
	t.Cleanup(func() { os.Remove(outside) })
	logs := filepath.Join(t.TempDir(), "logs")
	cmd, out := outer(t, "end", logs)
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Fatalf("exit code %d, want 7: %s", code, out)
	}
	if n := orphans(t); n != 0 {
		t.Errorf("%d processes stayed behind", n)
	}
	if _, err := os.Stat(folder(out.String())); !os.IsNotExist(err) {
		t.Errorf("the folder stayed behind: %v", err)
	}
	if _, err := os.Stat(shared); !os.IsNotExist(err) {
		t.Errorf("a file in shared memory stayed behind: %v", err)
	}
	if log, err := os.ReadFile(filepath.Join(logs, "server.log")); err != nil || string(log) != "what the server said" {
		t.Errorf("the log was not kept: %q, %v", log, err)
	}
}

// TestInterrupted interrupts a sandbox, and kills another one where nothing can be tidied
// up by hand: no process may survive either.
func TestInterrupted(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd, _ := outer(t, "wait", filepath.Join(t.TempDir(), "logs"))
			cmd.Stdout, cmd.Stderr = nil, nil
			pipe, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			said := readUntil(t, pipe, "ready\n")
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			for orphans(t) > 0 { // the kernel takes a moment; the test's own time limit ends us
				time.Sleep(10 * time.Millisecond)
			}
			if signal == syscall.SIGKILL { // the next one tidies up
				cmd, _ := outer(t, "end", filepath.Join(t.TempDir(), "logs"))
				_ = cmd.Run()
			}
			if _, err := os.Stat(folder(said)); !os.IsNotExist(err) {
				t.Errorf("the folder stayed behind: %v", err)
			}
		})
	}
}

// TestParentEnds kills the shell that a sandbox was started by, as make does when it is told
// to end: the sandbox ends too.
func TestParentEnds(t *testing.T) {
	cmd, _ := outer(t, "wait", filepath.Join(t.TempDir(), "logs"))
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.Command("sh", "-c", `"$0"; echo over`, program)
	shell.Env = cmd.Env
	pipe, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	said := readUntil(t, pipe, "ready\n")
	if err := shell.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for orphans(t) > 0 { // as above
		time.Sleep(10 * time.Millisecond)
	}
	_ = shell.Wait()
	for { // the outer process removes the folder last
		if _, err := os.Stat(folder(said)); os.IsNotExist(err) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func folder(said string) string {
	_, after, _ := strings.Cut(said, "folder ")
	dir, _, _ := strings.Cut(after, "\n")
	return dir
}

func readUntil(t *testing.T, r interface{ Read([]byte) (int, error) }, end string) string {
	t.Helper()
	var all strings.Builder
	buffer := make([]byte, 1024)
	for !strings.HasSuffix(all.String(), end) {
		n, err := r.Read(buffer)
		all.Write(buffer[:n])
		if err != nil {
			t.Fatalf("the sandbox said only %q: %v", all.String(), err)
		}
	}
	return all.String()
}
