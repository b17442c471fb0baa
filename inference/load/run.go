package load

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// Options of a run.
type Options struct {
	Address string // host:port
	Request []byte // from the function Request
	// Rate is the number of requests a second in open loop; 0 is the closed
	// loop, in which each client sends as fast as it is answered.
	Rate     float64
	Clients  int // connections
	Duration time.Duration
	WarmUp   time.Duration // load before Duration that is not counted
	Timeout  time.Duration // of one request
}

// A Result is what a run found.
type Result struct {
	Sent     int64            // requests counted; in open loop, all that were due
	OK       int64            // answered with 200
	Failed   map[string]int64 // others, by status or error
	Elapsed  time.Duration
	Latency  *hdrhistogram.Histogram // of the answered with 200, in microseconds
	OwnCPU   time.Duration           // of the load generator, during the run
	Unstable bool                    // open loop: requests were due faster than they could be sent
}

// Throughput is the number of requests answered with 200, a second.
func (r *Result) Throughput() float64 { return float64(r.OK) / r.Elapsed.Seconds() }

// Quantile is a latency quantile, from 0 to 100.
func (r *Result) Quantile(q float64) time.Duration {
	return time.Duration(r.Latency.ValueAtQuantile(q)) * time.Microsecond
}

// longest is the largest latency that is told from larger ones, in microseconds.
const longest = 300_000_000

// newHistogram holds 1 µs to 5 min with three digits.
func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, longest, 3) }

// tally is what one client counts.
type tally struct {
	sent, ok int64
	failed   map[string]int64
	latency  *hdrhistogram.Histogram
}

// Run makes the load until Duration has passed or ctx ends. In open loop, what
// was due by then is still sent, for as long as Timeout: a server that stalls at
// the end has its users wait no less than one that stalls in the middle.
func Run(ctx context.Context, o Options) (*Result, error) {
	if len(o.Request) == 0 || o.Clients < 1 || o.Duration <= 0 {
		return nil, errors.New("a run needs a request, clients and a duration")
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	late := time.Duration(0)
	if o.Rate > 0 {
		late = o.Timeout
	}
	sending, stop := context.WithTimeout(ctx, o.WarmUp+o.Duration+late)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, o.WarmUp+o.Duration)
	defer cancel()
	start := time.Now()
	counted := start.Add(o.WarmUp)
	var due chan time.Time
	if o.Rate > 0 {
		// Room for all requests of the run: the clock must never wait for the
		// server.
		due = make(chan time.Time, int(o.Rate*(o.WarmUp+o.Duration).Seconds())+1)
		go tick(ctx, due, start, o.Rate)
	}
	tallies := make([]tally, o.Clients)
	var wg sync.WaitGroup
	var cpu atomic.Int64
	cpu.Store(int64(cpuTime()))
	timer := time.AfterFunc(o.WarmUp, func() { cpu.Store(int64(cpuTime())) })
	defer timer.Stop()
	for i := range tallies {
		t := &tallies[i]
		t.failed, t.latency = map[string]int64{}, newHistogram()
		wg.Go(func() { client(sending, o, due, counted, t) })
	}
	wg.Wait()
	r := &Result{
		Failed: map[string]int64{}, Latency: newHistogram(),
		Elapsed: time.Since(counted), OwnCPU: cpuTime() - time.Duration(cpu.Load()),
	}
	if due == nil {
		r.Elapsed = min(r.Elapsed, o.Duration)
	}
	for i := range tallies {
		t := &tallies[i]
		r.Sent += t.sent
		r.OK += t.ok
		for k, n := range t.failed {
			r.Failed[k] += n
		}
		r.Latency.Merge(t.latency)
	}
	if due == nil {
		return r, nil
	}
	for at := range due { // closed by now
		if !at.Before(counted) {
			r.Sent++
			r.Failed["not sent in time"]++
		}
	}
	r.Unstable = r.Failed["not sent in time"] > 0 || r.Elapsed > o.Duration+max(o.Duration/10, 100*time.Millisecond)
	return r, nil
}

// tick sends the moments at which requests are due.
func tick(ctx context.Context, due chan<- time.Time, start time.Time, rate float64) {
	defer close(due)
	for n := 0; ; n++ {
		at := start.Add(time.Duration(float64(n) / rate * float64(time.Second)))
		if wait := time.Until(at); wait > 0 {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		} else if ctx.Err() != nil {
			return
		}
		due <- at
	}
}

// client sends requests over one connection until the run ends.
func client(ctx context.Context, o Options, due <-chan time.Time, counted time.Time, t *tally) {
	c := &conn{address: o.Address, timeout: o.Timeout}
	defer c.close(nil)
	for ctx.Err() == nil {
		at := time.Now()
		if due != nil {
			var ok bool
			if at, ok = <-due; !ok {
				return
			}
		}
		status, err := c.do(o.Request)
		now := time.Now()
		if at.Before(counted) {
			continue
		}
		t.sent++
		switch {
		case err != nil:
			t.failed[kind(err)]++
			time.Sleep(time.Millisecond) // a server that is away is not helped by a storm
		case status != 200:
			t.failed["status "+itoa(status)]++
		default:
			t.ok++
			t.latency.RecordValue(min(max(1, now.Sub(at).Microseconds()), longest))
		}
	}
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
