// Command mlfleet-ci builds, scans, signs, verifies and promotes images: see
// 'mlfleet-ci --help', and docs/supply-chain.md.
package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/mlfleet/mlfleet/ci/cmd/mlfleet-ci/internal/command"
)

func main() { os.Exit(run()) }

func run() int {
	// Trivy logs there, whatever a library may think of.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	return command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
