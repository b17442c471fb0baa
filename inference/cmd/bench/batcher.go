package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/mlfleet/mlfleet/inference/backend"
	"github.com/mlfleet/mlfleet/inference/batch"
	"github.com/mlfleet/mlfleet/inference/load"
	"github.com/mlfleet/mlfleet/inference/modelconfig"
)

// allocations counts what the batcher and the backend allocate for a request, in
// this process, on the small model.
func (b *bench) allocations() error {
	if err := backend.Open(backend.FindLibrary(b.runtime)); err != nil {
		return err
	}
	defer backend.Close(3 * time.Second)
	device, err := backend.Choose(backend.Options{Kind: backend.CPU, Threads: 1})
	if err != nil {
		return err
	}
	dir := filepath.Join(b.dir, "sentiment", "1")
	config, err := modelconfig.Read(filepath.Join(dir, "config.json"))
	if err != nil {
		return err
	}
	s, err := device.Load(filepath.Join(dir, "model.onnx"), config, 32)
	if err != nil {
		return err
	}
	defer s.Close()
	runner := s.NewRunner()
	defer runner.Close()
	if _, _, err := runner.WarmUp(context.Background(), time.Minute); err != nil {
		return err
	}
	batcher := batch.New(runner, quiet{}, batch.Options{MaxRows: 32, MaxDelay: maxDelay, MaxQueued: 1024})
	defer batcher.Close()
	pool := batch.NewPool(1, 1)
	data := make([]byte, 8*smallIDs)
	do := func(n int) {
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for range n {
					c := pool.Get()
					c.Inputs[0].Shape = append(c.Inputs[0].Shape, 1, smallIDs)
					c.Inputs[0].Data = data
					if err := s.Signature.Check(&c.Job); err == nil {
						err = batcher.Do(context.Background(), c)
					} else {
						panic(err)
					}
					c.Release()
				}
			})
		}
		wg.Wait()
	}
	do(100)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const each = 2000
	do(each)
	runtime.ReadMemStats(&after)
	fmt.Printf("## Allocations\n\nbatcher and backend, %d callers, %d requests: %.4f allocations a request\n",
		clients, clients*each, float64(after.Mallocs-before.Mallocs)/(clients*each))
	return nil
}

// quiet is a meter that measures nothing.
type quiet struct{}

func (quiet) Waited(time.Duration)   {}
func (quiet) Ran(int, time.Duration) {}
func (quiet) Dropped(error)          {}

// soakTest loads the server for a long time, at a moderate rate and with texts
// of many lengths, and prints its memory.
func (b *bench) soakTest(ctx context.Context) error {
	p, err := b.start("sentiment", 32)
	if err != nil {
		return err
	}
	defer p.stop()
	rate := 300.0
	fmt.Printf("## Memory over %s of load (%g requests/s)\n\n", b.soak, rate)
	texts := []string{"fine", "a fine film and a warm one", "not a fine film"}
	var long string
	for range 200 {
		long += "words "
	}
	texts = append(texts, long)
	started := time.Now()
	var sizes []int
	for n := 0; time.Since(started) < b.soak && ctx.Err() == nil; n++ {
		body := []byte(fmt.Sprintf(`{"text":%q}`, texts[n%len(texts)]))
		r, err := load.Run(ctx, load.Options{
			Address: p.http, Request: load.Request("POST", p.http, "/predict", body), Rate: rate, Clients: 16, Duration: 5 * time.Second,
		})
		if err != nil {
			return err
		}
		if r.OK < r.Sent {
			return fmt.Errorf("%d of %d requests failed: %v", r.Sent-r.OK, r.Sent, r.Failed)
		}
		sizes = append(sizes, p.rss())
		if n%12 == 11 {
			fmt.Printf("%4.0f s: %d MiB\n", time.Since(started).Seconds(), p.rss()/1024)
		}
	}
	if len(sizes) < 4 {
		return nil
	}
	quarter := len(sizes) / 4
	first, last := slices.Max(sizes[quarter:2*quarter]), slices.Max(sizes[3*quarter:])
	fmt.Printf("second quarter's largest %d KiB, last quarter's %d KiB: %+.1f %%\n", first, last, 100*float64(last-first)/float64(first))
	fmt.Fprintln(os.Stdout)
	return nil
}
