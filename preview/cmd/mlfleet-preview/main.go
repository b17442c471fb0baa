// Command mlfleet-preview shows what Argo CD will make of golden/argocd: see
// 'mlfleet-preview --help', and docs/operations.md. 'mlfleet preview' runs it.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sirupsen/logrus"

	"github.com/mlfleet/mlfleet/preview/cmd/mlfleet-preview/internal/command"
)

func main() { os.Exit(run()) }

func run() int {
	// Argo CD logs there what it also returns.
	logrus.SetOutput(io.Discard)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	return command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
