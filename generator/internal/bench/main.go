// Command bench compares the cost of generating a fleet with the cost of building
// it with Kustomize, side by side in one run.
//
// It makes synthetic fleets from the sample fleet, generates each from nothing
// in a process of its own, and builds the same overlays with Kustomize's library
// in another. Times are CPU seconds as the operating system counts them for the
// whole process, with one worker; machines that are shared make wall time
// useless. Run it with "make bench".
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	task := flag.String("task", "", "run one task and exit: generate or kustomize (used by the program itself), or fleet, which makes and generates one of -tenants in -dir")
	dir := flag.String("dir", "", "the fleet of the task")
	sample := flag.String("sample", ".", "the sample fleet that synthetic ones are made from")
	sizes := flag.String("tenants", "10,100,1000", "the sizes to measure")
	scratch := flag.String("scratch", scratchDir(), "where the fleets are made")
	runs := flag.Int("runs", 5, "runs of each measurement; the median is reported")
	flag.Parse()
	if err := run(*task, *dir, *sample, *scratch, *sizes, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(task, dir, sample, scratch, sizes string, runs int) error {
	switch task {
	case "generate":
		return generate(dir)
	case "kustomize":
		return kustomize(dir)
	case "fleet":
		return makeFleet(sample, dir, sizes)
	}
	fmt.Printf("CPU time of whole processes with one worker, median of %d; peak resident memory.\n\n", runs)
	fmt.Println("| tenants | applications | generate, s | an application, ms | peak, MB | krusty alone, s | an application, ms | krusty / generate |")
	fmt.Println("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, size := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			return fmt.Errorf("-tenants: %w", err)
		}
		if err := row(sample, scratch, n, runs); err != nil {
			return err
		}
	}
	return nil
}

// makeFleet leaves a generated fleet in dir, for the benchmarks of other modules.
func makeFleet(sample, dir, size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return fmt.Errorf("-tenants: %w", err)
	}
	if err := synthesize(sample, dir, n); err != nil {
		return fmt.Errorf("making a fleet of %d tenants: %w", n, err)
	}
	return generate(dir)
}

// scratchDir is a folder in memory where there is one. On ext4 a file made soon
// after others were deleted costs up to twenty times as much as on a quiet disk,
// because the file system avoids inodes that were freed a moment ago; a benchmark
// that makes and deletes trees in turn would measure that.
func scratchDir() string {
	const shared = "/dev/shm" // tmpfs on Linux
	if info, err := os.Stat(shared); err == nil && info.IsDir() {
		return shared
	}
	return os.TempDir()
}

func row(sample, scratch string, tenants, runs int) error {
	dir, err := os.MkdirTemp(scratch, "mlfleet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := synthesize(sample, dir, tenants); err != nil {
		return fmt.Errorf("making a fleet of %d tenants: %w", tenants, err)
	}
	var ours, theirs []usage
	for range runs {
		if err := os.RemoveAll(filepath.Join(dir, "golden")); err != nil {
			return err
		}
		u, err := measured("generate", dir)
		if err != nil {
			return err
		}
		k, err := measured("kustomize", dir)
		if err != nil {
			return err
		}
		ours, theirs = append(ours, u), append(theirs, k)
	}
	applications, err := overlays(dir)
	if err != nil {
		return err
	}
	g, k := median(ours), median(theirs)
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 / float64(len(applications)) }
	fmt.Printf("| %d | %d | %.2f | %.2f | %d | %.2f | %.2f | %.1f |\n", tenants, len(applications),
		g.cpu.Seconds(), each(g.cpu), g.peak>>20, k.cpu.Seconds(), each(k.cpu), k.cpu.Seconds()/g.cpu.Seconds())
	return nil
}
