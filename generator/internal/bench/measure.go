package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/mlfleet/mlfleet/generator"
)

// usage is what the operating system counted of a finished process.
type usage struct {
	cpu  time.Duration // user and system
	peak int64         // resident set, bytes
}

// measured runs one of this program's own tasks in a process of its own, with one
// worker, and returns what the process used: start, load and all.
func measured(task, dir string) (usage, error) {
	self, err := os.Executable()
	if err != nil {
		return usage{}, err
	}
	cmd := exec.Command(self, "-task", task, "-dir", dir)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return usage{}, fmt.Errorf("%s %s: %w", task, dir, err)
	}
	state := cmd.ProcessState
	peak := state.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" {
		peak <<= 10 // kilobytes everywhere but there (getrusage(2))
	}
	return usage{cpu: state.UserTime() + state.SystemTime(), peak: peak}, nil
}

// generate is the whole of "mlfleet generate": load, check, render, write, with
// the ballast that its main holds.
func generate(dir string) error {
	defer runtime.KeepAlive(make([]byte, 32<<20))
	f, err := generator.Load(os.DirFS(dir))
	if err != nil {
		return err
	}
	_, err = generator.Write(context.Background(), filepath.Join(dir, "golden"), generator.Render(f))
	return err
}

// kustomize builds every overlay of a generated fleet, as "kustomize build" does.
func kustomize(dir string) error {
	overlays, err := overlays(dir)
	if err != nil {
		return err
	}
	disk := filesys.MakeFsOnDisk()
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // the order is the kustomization's
	for _, overlay := range overlays {
		built, err := krusty.MakeKustomizer(options).Run(disk, overlay)
		if err != nil {
			return fmt.Errorf("%s: %w", overlay, err)
		}
		if _, err := built.AsYaml(); err != nil {
			return fmt.Errorf("%s: %w", overlay, err)
		}
	}
	return nil
}

// overlays are the folders that Argo CD syncs: one an Application.
func overlays(dir string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(filepath.Join(dir, "golden"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Name() == "kustomization.yaml" && strings.Contains(path, "/overlays/") {
			out = append(out, filepath.Dir(path))
		}
		return err
	})
	return out, err
}

// median of the runs' CPU times, and the largest peak.
func median(runs []usage) usage {
	cpu := make([]time.Duration, len(runs))
	var out usage
	for i, r := range runs {
		cpu[i] = r.cpu
		out.peak = max(out.peak, r.peak)
	}
	slices.Sort(cpu)
	out.cpu = cpu[len(cpu)/2]
	return out
}
