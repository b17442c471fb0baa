package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/load"
)

// pinned becomes another program on one core. The affinity of the thread that
// calls exec is that of all threads to come.
func pinned(core string, command []string) error {
	n, err := strconv.Atoi(core)
	if err != nil || len(command) == 0 {
		return fmt.Errorf("usage: pinned CORE COMMAND")
	}
	runtime.LockOSThread()
	var set unix.CPUSet
	set.Set(n)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("pin to core %d: %w", n, err)
	}
	return unix.Exec(command[0], command, os.Environ())
}

// leaveCore moves this process off a core, if there is another one.
func leaveCore(core int) error {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return err
	}
	if set.Count() < 2 {
		fmt.Println("only one core: the load generator shares it with the server")
		return nil
	}
	set.Clear(core)
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			if err := unix.SchedSetaffinity(id, &set); err != nil {
				return fmt.Errorf("leave core %d: %w", core, err)
			}
		}
	}
	return nil
}

// A process is a running server.
type process struct {
	cmd  *exec.Cmd
	http string
	log  bytes.Buffer
}

// start starts a server on core 0 and waits until it is ready.
func (b *bench) start(model string, rows int) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &process{http: "127.0.0.1:" + port}
	p.cmd = exec.Command(self, "pinned", "0", b.server, "serve", "--address", "127.0.0.1",
		"--http-port", port, "--grpc-port", "0", "--metrics-port", "0",
		"--model-repository", b.dir, "--model-name", model, "--device", "cpu", "--threads", "1",
		"--max-batch-size", fmt.Sprint(rows), "--max-queue-delay", maxDelay.String(), "--onnxruntime", b.runtime)
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	for range 600 {
		time.Sleep(50 * time.Millisecond)
		if resp, err := http.Get("http://" + p.http + "/ready"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == 200 {
				return p, nil
			}
		}
	}
	p.stop()
	return nil, fmt.Errorf("the server did not become ready:\n%s", p.log.String())
}

func (p *process) stop() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// measure puts load on the server.
func (p *process) measure(ctx context.Context, o load.Options) (measurement, error) {
	o.Address = p.http
	var before time.Duration
	t := time.AfterFunc(o.WarmUp, func() { before = p.cpu() })
	defer t.Stop()
	r, err := load.Run(ctx, o)
	if err != nil {
		return measurement{}, err
	}
	used := p.cpu() - before
	if r.OK < r.Sent {
		return measurement{}, fmt.Errorf("%d of %d requests failed: %v", r.Sent-r.OK, r.Sent, r.Failed)
	}
	return measurement{
		rate: r.Throughput(), perCPU: float64(r.OK) / used.Seconds(), loadCPU: r.OwnCPU.Seconds() / r.Elapsed.Seconds(),
	}, nil
}

// cpu is the CPU time that the process has used: fields 14 and 15 of its stat
// file, in hundredths of a second.
func (p *process) cpu() time.Duration {
	fields := p.stat("stat")
	if i := strings.LastIndex(fields, ")"); i >= 0 {
		if f := strings.Fields(fields[i+1:]); len(f) > 12 {
			user, _ := strconv.Atoi(f[11])
			system, _ := strconv.Atoi(f[12])
			return time.Duration(user+system) * 10 * time.Millisecond
		}
	}
	return 0
}

// rss is the process's memory, in KiB.
func (p *process) rss() int {
	for line := range strings.SplitSeq(p.stat("status"), "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmRSS:" {
			n, _ := strconv.Atoi(f[1])
			return n
		}
	}
	return 0
}

func (p *process) stat(name string) string {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, name))
	return string(b)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}
