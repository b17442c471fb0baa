// Command load sends requests to a server at a fixed rate and reports the
// latencies that users would feel.
//
//	load --url http://127.0.0.1:8000/predict --body '{"text":"fine"}' --rate 500 --duration 30s
//
// It exits with 1 if any request failed, so that a script can ask "does it hold
// this rate?". With --wait it waits for the server first and reports how long
// that took: a cold start.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/inference/load"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	failed, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
	if failed {
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (failed bool, err error) {
	var (
		o            load.Options
		target, body string
		headers      []string
		wait         time.Duration
		asJSON       bool
	)
	fs := flag.NewFlagSet("load", flag.ExitOnError)
	fs.StringVar(&target, "url", "http://127.0.0.1:8000/predict", "where to send the requests")
	fs.StringVar(&body, "body", `{"text":"a fine film"}`, "the body, or @FILE")
	fs.Func("header", "a `header`, Name: value; may be given again", func(h string) error { headers = append(headers, h); return nil })
	fs.Float64Var(&o.Rate, "rate", 100, "requests a second; 0 sends as fast as the server answers (closed loop)")
	fs.IntVar(&o.Clients, "clients", 64, "connections")
	fs.DurationVar(&o.Duration, "duration", 10*time.Second, "how long")
	fs.DurationVar(&o.WarmUp, "warm-up", time.Second, "load before that, not counted")
	fs.DurationVar(&o.Timeout, "timeout", 30*time.Second, "of one request")
	fs.DurationVar(&wait, "wait", 0, "wait so long for the server's first 200, and report the time it took")
	fs.BoolVar(&asJSON, "json", false, "report as JSON")
	fs.Parse(args)

	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return false, fmt.Errorf("--url %q: want http://host:port/path", target)
	}
	if name, ok := strings.CutPrefix(body, "@"); ok {
		b, err := os.ReadFile(name)
		if err != nil {
			return false, fmt.Errorf("read the body: %w", err)
		}
		body = string(b)
	}
	o.Address = u.Host
	if u.Port() == "" {
		o.Address += ":80"
	}
	o.Request = load.Request("POST", u.Host, u.RequestURI(), []byte(body), headers...)
	var cold time.Duration
	if wait > 0 {
		if cold, err = load.Await(ctx, o, wait); err != nil {
			return false, err
		}
	}
	r, err := load.Run(ctx, o)
	if err != nil {
		return false, err
	}
	report(r, o, cold, asJSON)
	return r.OK < r.Sent, nil
}

func report(r *load.Result, o load.Options, cold time.Duration, asJSON bool) {
	quantiles := []float64{50, 90, 99, 99.9, 100}
	if asJSON {
		latency := map[string]float64{}
		for _, q := range quantiles {
			latency[fmt.Sprintf("p%g", q)] = r.Quantile(q).Seconds()
		}
		json.NewEncoder(os.Stdout).Encode(map[string]any{
			"sent": r.Sent, "ok": r.OK, "failed": r.Failed, "seconds": r.Elapsed.Seconds(), "rate": r.Throughput(),
			"latency_seconds": latency, "own_cpu_seconds": r.OwnCPU.Seconds(), "unstable": r.Unstable,
			"cold_start_seconds": cold.Seconds(),
		})
		return
	}
	if cold > 0 {
		fmt.Printf("first answer after %s\n", cold.Round(time.Millisecond))
	}
	loop := fmt.Sprintf("open loop, %g/s", o.Rate)
	if o.Rate == 0 {
		loop = "closed loop"
	}
	fmt.Printf("%s, %d connections, %s: %d sent, %d ok, %.1f/s\n", loop, o.Clients, r.Elapsed.Round(time.Millisecond), r.Sent, r.OK, r.Throughput())
	for _, q := range quantiles {
		fmt.Printf("  p%-5g %s\n", q, r.Quantile(q))
	}
	for _, k := range slices.Sorted(maps.Keys(r.Failed)) {
		fmt.Printf("  failed: %s: %d\n", k, r.Failed[k])
	}
	if r.Unstable {
		fmt.Println("  the server did not keep up with the rate; the latencies grow with the duration")
	}
	fmt.Printf("  the load generator itself used %s of CPU\n", r.OwnCPU.Round(time.Millisecond))
}
