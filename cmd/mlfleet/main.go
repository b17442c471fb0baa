// Command mlfleet generates, checks and explains a fleet: see 'mlfleet --help',
// or docs/reference/cli.md, which is made from it.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/mlfleet/mlfleet/cmd/mlfleet/internal/command"
)

// ballast is memory that nobody touches, so that it costs none. Go's collector
// counts it as heap and runs that much later: a process that starts from nothing
// would otherwise collect its garbage dozens of times within a second, and spend
// a fifth of its time on it (docs/benchmarks.md).
const ballast = 32 << 20

func main() { os.Exit(run()) }

func run() int {
	failAtLimits()
	defer runtime.KeepAlive(make([]byte, ballast))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	return command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
