// Command bench compares the server with ONNX Runtime called raw, side by side
// in one run.
//
// Both run on the same single core with one runtime thread and the same session
// options; the load generator runs on the other cores, so that what it costs is
// not taken from the server, and its CPU time is reported apart. Rounds of raw and
// served runs alternate, because a shared machine is not equally fast from one
// second to the next; each ratio is the median of its rounds. Beside the ratio of
// rates stands that of rows per second of CPU time, which a busy neighbour on the
// core does not change.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/inference/load"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == "pinned" {
		fail(pinned(os.Args[2], os.Args[3:]))
		return
	}
	if len(os.Args) > 1 && os.Args[1] == "raw" {
		fail(raw(os.Args[2:]))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	b := bench{}
	flag.DurationVar(&b.time, "time", 3*time.Second, "of each measurement")
	flag.IntVar(&b.rounds, "rounds", 3, "rounds of raw and served runs")
	flag.StringVar(&b.server, "server", "bin/mlfleet-inference", "the server's binary")
	flag.StringVar(&b.runtime, "onnxruntime", os.Getenv("ONNXRUNTIME"), "libonnxruntime.so.1")
	flag.StringVar(&b.models, "models", "models", "the repository with the small model")
	flag.DurationVar(&b.soak, "soak", 0, "instead: load the server for so long and watch its memory")
	flag.Parse()
	fail(b.run(ctx))
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run of everything.
type bench struct {
	time    time.Duration
	rounds  int
	server  string
	runtime string
	models  string
	soak    time.Duration

	dir string
}

const (
	clients  = 64
	maxDelay = 5 * time.Millisecond
)

func (b *bench) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "mlfleet-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b.dir = dir
	if err := b.placeModels(); err != nil {
		return err
	}
	if err := leaveCore(0); err != nil {
		return err
	}
	if b.soak > 0 {
		return b.soakTest(ctx)
	}
	if err := b.large(ctx); err != nil {
		return fmt.Errorf("large model: %w", err)
	}
	if err := b.small(ctx); err != nil {
		return fmt.Errorf("small model: %w", err)
	}
	return b.allocations()
}

// large compares on a model whose run outweighs the server by far.
func (b *bench) large(ctx context.Context) error {
	fmt.Printf("## Large model: %d × (%d × %d) and ReLU, %d KiB in and out a row, %d clients, binary tensors over HTTP\n\n",
		layers, width, width, width*4/1024, clients)
	best, bestRate := 0, 0.0
	for _, rows := range []int{1, 8, 16, 32, 64} {
		m, err := b.raw("large", rows, 0, b.time/2)
		if err != nil {
			return err
		}
		fmt.Printf("raw, %2d rows a run: %7.0f rows/s\n", rows, m.rate)
		if m.rate > bestRate*1.05 { // a larger batch must be worth its latency
			best, bestRate = rows, m.rate
		}
	}
	fmt.Printf("\nbest batch: %d rows\n\n", best)
	batched, err := b.start("large", best)
	if err != nil {
		return err
	}
	defer batched.stop()
	single, err := b.start("large", 1)
	if err != nil {
		return err
	}
	defer single.stop()
	request := b.largeRequest(batched.http)
	var t table
	var peaks, runs []float64
	for range b.rounds {
		r, err := b.raw("large", best, 0, b.time)
		if err != nil {
			return err
		}
		s, err := batched.measure(ctx, load.Options{Request: request, Clients: clients, Duration: b.time, WarmUp: b.time / 4})
		if err != nil {
			return err
		}
		u, err := single.measure(ctx, load.Options{Request: request, Clients: clients, Duration: b.time, WarmUp: b.time / 4})
		if err != nil {
			return err
		}
		t.add(r, s, u)
		peaks, runs = append(peaks, s.rate), append(runs, float64(best)/r.rate)
	}
	t.print()
	verdict("server / raw, rates", t.ratio(served, rawRuns, rate), 0.8)
	verdict("server / raw, rows per CPU second", t.ratio(served, rawRuns, perCPU), 0.8)
	verdict("batched / unbatched, rates", t.ratio(served, unbatched, rate), 4)
	return b.latency(ctx, batched, request, median(peaks), time.Duration(median(runs)*float64(time.Second)))
}

// latency measures the tail at half the peak rate, in open loop.
func (b *bench) latency(ctx context.Context, p *process, request []byte, peak float64, oneBatch time.Duration) error {
	bound := 3 * (maxDelay + oneBatch)
	var worst []float64
	for range b.rounds {
		r, err := load.Run(ctx, load.Options{
			Address: p.http, Request: request, Rate: peak / 2, Clients: clients, Duration: b.time, WarmUp: b.time / 4,
		})
		if err != nil {
			return err
		}
		if r.OK < r.Sent {
			return fmt.Errorf("at half the peak rate, %d of %d requests failed: %v", r.Sent-r.OK, r.Sent, r.Failed)
		}
		fmt.Printf("open loop, %.0f/s: p50 %s, p99 %s, p99.9 %s (load generator's CPU: %.0f %%)\n", r.Throughput(),
			r.Quantile(50), r.Quantile(99), r.Quantile(99.9), 100*r.OwnCPU.Seconds()/r.Elapsed.Seconds())
		worst = append(worst, r.Quantile(99).Seconds())
	}
	p99 := time.Duration(median(worst) * float64(time.Second))
	state := "holds"
	if p99 > bound {
		state = "MISSED"
	}
	fmt.Printf("p99 at half the peak rate: %s, bound 3 × (%s delay + %s one batch) = %s: %s\n\n",
		p99.Round(10*time.Microsecond), maxDelay, oneBatch.Round(10*time.Microsecond), bound.Round(10*time.Microsecond), state)
	return nil
}

// small compares on a model that is cheaper than an HTTP request.
func (b *bench) small(ctx context.Context) error {
	fmt.Printf("## Small model: the sentiment classifier, %d ids a row, one row a request, %d clients\n\n", smallIDs, clients)
	batched, err := b.start("sentiment", 32)
	if err != nil {
		return err
	}
	defer batched.stop()
	single, err := b.start("sentiment", 1)
	if err != nil {
		return err
	}
	defer single.stop()
	request := b.smallRequest(batched.http)
	var t table
	for range b.rounds {
		r, err := b.raw("sentiment", 1, smallIDs, b.time)
		if err != nil {
			return err
		}
		s, err := batched.measure(ctx, load.Options{Request: request, Clients: clients, Duration: b.time, WarmUp: b.time / 4})
		if err != nil {
			return err
		}
		u, err := single.measure(ctx, load.Options{Request: request, Clients: clients, Duration: b.time, WarmUp: b.time / 4})
		if err != nil {
			return err
		}
		t.add(r, s, u)
	}
	t.print()
	verdict("server / raw at one row a run, rates", t.ratio(served, rawRuns, rate), 0.5)
	verdict("server / raw at one row a run, rows per CPU second", t.ratio(served, rawRuns, perCPU), 0.5)
	fmt.Println()
	return nil
}

// placeModels writes the models into a repository of the run's own.
func (b *bench) placeModels() error {
	large := filepath.Join(b.dir, "large", "1")
	if err := os.MkdirAll(large, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(large, "model.onnx"), largeModel(), 0o644); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(b.dir, "sentiment"), os.DirFS(filepath.Join(b.models, "sentiment")))
}

// A measurement of rows or requests a second, and a second of CPU time.
type measurement struct {
	rate, perCPU, loadCPU float64
}

// The columns of a table.
const (
	rawRuns = iota
	served
	unbatched
	columns
)

type table struct{ rounds [][columns]measurement }

func (t *table) add(m ...measurement) { t.rounds = append(t.rounds, [columns]measurement(m)) }

func rate(m measurement) float64   { return m.rate }
func perCPU(m measurement) float64 { return m.perCPU }

// ratio is the median over the rounds of one column to another.
func (t *table) ratio(a, b int, of func(measurement) float64) []float64 {
	var out []float64
	for _, r := range t.rounds {
		out = append(out, of(r[a])/of(r[b]))
	}
	return out
}

func (t *table) print() {
	fmt.Println("| round | raw rows/s | server rows/s | unbatched rows/s | raw rows/CPU s | server rows/CPU s | load generator's CPU |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	for i, r := range t.rounds {
		fmt.Printf("| %d | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f %% of another core |\n", i+1, r[rawRuns].rate, r[served].rate,
			r[unbatched].rate, r[rawRuns].perCPU, r[served].perCPU, 100*r[served].loadCPU)
	}
	fmt.Println()
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func verdict(what string, ratios []float64, want float64) {
	m := median(ratios)
	state := "holds"
	if m < want {
		state = "MISSED"
	}
	var all []string
	for _, r := range ratios {
		all = append(all, fmt.Sprintf("%.2f", r))
	}
	fmt.Printf("%s: %.2f (rounds %s), wanted ≥ %.1f: %s\n", what, m, strings.Join(all, " "), want, state)
}
