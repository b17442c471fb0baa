// Command mlfleet generates, checks and explains a fleet: see 'mlfleet --help',
// or docs/reference/cli.md, which is made from it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mlfleet/mlfleet/cmd/mlfleet/internal/command"
)

func main() { os.Exit(run()) }

func run() int {
	failAtLimits()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	return command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
