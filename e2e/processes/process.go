package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Command is a server to start.
type Command struct {
	Name string   // names the log file, and the process in errors
	Path string   // the program
	Args []string // without the program's name
	Env  []string // added to a clean environment of PATH alone
	Dir  string   // working directory, where the log file lies as well
}

// Process is a started server. It can be killed and started again, with the same
// command; its log file goes on where it was.
type Process struct {
	command Command
	running *exec.Cmd
	ended   chan struct{} // closed when running has ended
}

// Start starts a server and does not wait until it is ready.
func Start(c Command) (*Process, error) {
	p := &Process{command: c}
	if err := p.Restart(); err != nil {
		return nil, err
	}
	return p, nil
}

// Name is the command's name.
func (p *Process) Name() string { return p.command.Name }

// LogFile is where the server's standard output and standard error go.
func (p *Process) LogFile() string { return filepath.Join(p.command.Dir, p.command.Name+".log") }

// Restart starts a server that has ended. Its arguments are those of the first
// start, so it listens on the same port and finds the same data.
func (p *Process) Restart() error {
	if p.running != nil && !p.Ended() {
		return fmt.Errorf("starting %s: it is running", p.Name())
	}
	log, err := os.OpenFile(p.LogFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("starting %s: %w", p.Name(), err)
	}
	defer log.Close() // the child has its own

	cmd := exec.Command(p.command.Path, p.command.Args...)
	cmd.Dir = p.command.Dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, p.command.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	// A group of its own, so that children such as Git end with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", p.Name(), err)
	}
	p.running, p.ended = cmd, make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		_ = cmd.Wait() // how it ended stands in ProcessState and in its log
	}(p.ended)
	return nil
}

// Ended says whether the server is no longer running.
func (p *Process) Ended() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// Kill ends the server and its children as a crash would, without a warning.
func (p *Process) Kill() {
	_ = syscall.Kill(-p.running.Process.Pid, syscall.SIGKILL) // fails where it has ended by itself
	<-p.ended
}

// Ready waits until probe succeeds. It fails as soon as the server has ended, or
// when the context does; the error has the last lines of the server's log.
func (p *Process) Ready(ctx context.Context, probe func(context.Context) error) error {
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended with %s before it was ready:\n%s", p.Name(), p.running.ProcessState, p.Tail(20))
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w:\n%s", p.Name(), errors.Join(ctx.Err(), err), p.Tail(20))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Tail is the last lines of the server's log.
func (p *Process) Tail(lines int) string {
	log, err := os.ReadFile(p.LogFile())
	if err != nil {
		return err.Error()
	}
	all := slices.Collect(strings.Lines(string(log)))
	return strings.Join(all[max(0, len(all)-lines):], "")
}
