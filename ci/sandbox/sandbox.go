package sandbox

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// ErrNoRunc is answered by errors.Is where runc is not installed.
var ErrNoRunc = errors.New("runc is needed to start an image; install it (Debian: apt-get install --no-install-recommends runc)")

// ErrNotRoot is answered by errors.Is where the process is not root.
var ErrNotRoot = errors.New("starting an image makes namespaces and mounts; run this as root")

// Options say how to run an image.
type Options struct {
	Args   []string // in place of the image's arguments, after its entrypoint
	Env    []string // on top of the image's
	Mounts []Mount
	Dir    string // parent of the folder for the unpacked image; "" is the system's for temporary files
}

// A Mount is a file or folder of this machine, read-only in the container.
type Mount struct {
	Source string // absolute
	Target string // absolute; made where the image has nothing there
}

// A Container is a running image.
type Container struct {
	id      string
	dir     string // bundle, runc's state, unpacked image
	pid     int
	command *exec.Cmd
	logs    logs
	exited  chan struct{} // closed when the image's process has ended
	status  error         // how; only after exited
	closing sync.Once
	closed  error
}

// Start unpacks an image and starts it. The container runs until Close, or
// until the context ends.
func Start(ctx context.Context, img v1.Image, o Options) (*Container, error) {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoRunc, err)
	}
	if os.Geteuid() != 0 {
		return nil, ErrNotRoot
	}
	dir, err := os.MkdirTemp(o.Dir, "mlfleet-sandbox-*")
	if err != nil {
		return nil, fmt.Errorf("start the image: %w", err)
	}
	c := &Container{id: "mlfleet-" + strings.ToLower(rand.Text()), dir: dir, exited: make(chan struct{})}
	if err := c.start(ctx, runc, img, o); err != nil {
		return nil, errors.Join(fmt.Errorf("start the image: %w", err), c.Close())
	}
	context.AfterFunc(ctx, func() { c.Close() }) //nolint:errcheck // whoever calls Close gets the error
	return c, nil
}

func (c *Container) start(ctx context.Context, runc string, img v1.Image, o Options) error {
	if err := unpack(img, filepath.Join(c.dir, "rootfs")); err != nil {
		return err
	}
	if err := writeSpec(img, o, c.dir); err != nil {
		return err
	}
	pidFile := filepath.Join(c.dir, "pid")
	c.command = exec.Command(runc, "--root", c.state(), "run", "--bundle", c.dir, "--pid-file", pidFile, c.id)
	c.command.Stdout, c.command.Stderr = &c.logs, &c.logs
	if err := c.command.Start(); err != nil {
		return err
	}
	go func() {
		c.status = c.command.Wait()
		close(c.exited)
	}()
	return c.awaitPID(ctx, pidFile)
}

// state is the folder where runc notes what it runs.
func (c *Container) state() string { return filepath.Join(c.dir, "state") }

// awaitPID waits until runc tells the number of the image's process.
func (c *Container) awaitPID(ctx context.Context, file string) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if raw, err := os.ReadFile(file); err == nil {
			c.pid, err = strconv.Atoi(string(bytes.TrimSpace(raw)))
			if err == nil {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.exited:
			if c.status == nil {
				return nil // so short a process that runc is done before we looked
			}
			return fmt.Errorf("runc: %w: %s", c.status, strings.TrimSpace(c.Logs()))
		case <-tick.C:
		}
	}
}

// PID is the image's process as this machine numbers it.
func (c *Container) PID() int { return c.pid }

// Logs is what the image wrote to standard output and standard error so far.
func (c *Container) Logs() string { return c.logs.String() }

// Wait waits for the image's process to end, and gives its exit code.
func (c *Container) Wait(ctx context.Context) (int, error) {
	select {
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	case <-c.exited:
	}
	var exit *exec.ExitError
	if c.status != nil && !errors.As(c.status, &exit) {
		return 0, fmt.Errorf("wait for the container: %w", c.status)
	}
	return c.command.ProcessState.ExitCode(), nil
}

// Stop asks the image's process to end, as a cluster does.
func (c *Container) Stop() error { return syscall.Kill(c.pid, syscall.SIGTERM) }

// Close kills what still runs, and removes everything that Start made. It may
// be called often.
func (c *Container) Close() error {
	c.closing.Do(func() {
		if c.command != nil && c.command.Process != nil {
			// --force kills whatever is in the container, and is content where there
			// is none any more.
			out, err := exec.Command(c.command.Path, "--root", c.state(), "delete", "--force", c.id).CombinedOutput()
			if err != nil {
				c.closed = fmt.Errorf("end the container: %w: %s", err, bytes.TrimSpace(out))
				c.command.Process.Kill() //nolint:errcheck // it may have ended
			}
			<-c.exited
		}
		c.closed = errors.Join(c.closed, os.RemoveAll(c.dir))
	})
	return c.closed
}

// logs keeps what is written to it.
type logs struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

// maxLogs is how much of a container's output is kept, in bytes.
const maxLogs = 4 << 20

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept.Write(p[:min(len(p), maxLogs-l.kept.Len())])
	return len(p), nil
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.String()
}
