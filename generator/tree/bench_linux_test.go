package tree_test

import (
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// fleetSized streams what so many tenants would give: 40 files each, in twelve
// folders. It holds one file at a time, as the generator does.
func fleetSized(tenants int, body string) iter.Seq2[tree.File, error] {
	data := file(strings.Repeat(body+"\n", 1500/(len(body)+1)))
	return func(yield func(tree.File, error) bool) {
		for t := range tenants {
			for i := range 40 {
				f := tree.File{Path: fmt.Sprintf("tenants/tenant-%05d/models/folder-%02d/file-%d.yaml", t, i*12/40, i), Data: data}
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// BenchmarkWrite reports the CPU time (user and system) and the wall time a
// file, beside a plain os.WriteFile of the same files. The folder is in memory
// where that is possible (see scratch); TREE_BENCH_DIR names another.
func BenchmarkWrite(b *testing.B) {
	const tenants = 100
	perFile := func(b *testing.B, prepare, run func(root string)) {
		base := os.Getenv("TREE_BENCH_DIR")
		if base == "" {
			base = scratch(b)
		} else if err := os.MkdirAll(base, 0o755); err != nil {
			b.Fatal(err)
		}
		var cpu, wall time.Duration
		files := 0
		for b.Loop() {
			b.StopTimer()
			root, err := os.MkdirTemp(base, "bench-")
			if err != nil {
				b.Fatal(err)
			}
			prepare(root)
			b.StartTimer()
			started, used := time.Now(), usage(b)
			run(root)
			cpu += usage(b) - used
			wall += time.Since(started)
			files += tenants * 40
			b.StopTimer()
			if os.Getenv("TREE_BENCH_DIR") == "" { // elsewhere the deletion would slow the next round down
				os.RemoveAll(root)
			}
			b.StartTimer()
		}
		b.ReportMetric(float64(cpu.Nanoseconds())/1e3/float64(files), "cpu-µs/file")
		b.ReportMetric(float64(files)/wall.Seconds(), "files/s")
	}
	with := func(body string) func(root string) {
		return func(root string) {
			if _, err := writer(root).Write(b.Context(), fleetSized(tenants, body)); err != nil {
				b.Fatal(err)
			}
		}
	}
	nothing := func(string) {}
	b.Run("os.WriteFile", func(b *testing.B) { perFile(b, nothing, plainly(b, tenants, "body")) })
	b.Run("new", func(b *testing.B) { perFile(b, nothing, with("body")) })
	b.Run("unchanged", func(b *testing.B) { perFile(b, with("body"), with("body")) })
	b.Run("os.WriteFile-over", func(b *testing.B) { perFile(b, with("body"), plainly(b, tenants, "ydob")) })
	b.Run("changed", func(b *testing.B) { perFile(b, with("body"), with("ydob")) })
}

func plainly(b *testing.B, tenants int, body string) func(root string) {
	return func(root string) {
		last := ""
		for f := range fleetSized(tenants, body) {
			full := filepath.Join(root, f.Path)
			if dir := filepath.Dir(full); dir != last {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					b.Fatal(err)
				}
				last = dir
			}
			if err := os.WriteFile(full, f.Data, 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func usage(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkMemory reports what a run remembers of each file that is already on
// disk, at the end of a stream of 40,000.
func BenchmarkMemory(b *testing.B) {
	const tenants = 1000
	root := scratch(b)
	if _, err := writer(root).Write(b.Context(), fleetSized(tenants, "body")); err != nil {
		b.Fatal(err)
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var kept uint64
	for b.Loop() {
		w, before := writer(root), heap()
		w.Progress = func(files int) {
			if files == tenants*40/2 { // half found, half still waited for
				kept = heap() - before
			}
		}
		if _, err := w.Write(b.Context(), fleetSized(tenants, "body")); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(kept)/(tenants*40), "bytes/file")
}
