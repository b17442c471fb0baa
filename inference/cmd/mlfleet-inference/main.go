// Command mlfleet-inference serves models with ONNX Runtime, and fetches them
// into the folder that it serves.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/mlfleet/mlfleet/inference/settings"
)

// Exit codes: usage is the caller's mistake in the arguments, failure everything
// else.
const (
	exitFailure = 1
	exitUsage   = 2
)

const usage = `usage: mlfleet-inference COMMAND [flags]

  serve     answer inference requests for the models in a repository
  fetch     bring a model version into a repository, verified
  version   print the version

Every flag can also be set by the environment variable named beside it.
"mlfleet-inference COMMAND --help" lists the flags of a command.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	// A second signal ends the process at once.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:])
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(*usageError)):
		fmt.Fprintf(os.Stderr, "mlfleet-inference: %v\n", err)
		os.Exit(exitUsage)
	default:
		slog.Error("mlfleet-inference failed", "error", err.Error())
		os.Exit(exitFailure)
	}
}

// A usageError is a mistake in the settings.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	switch args[0] {
	case "serve":
		return serve(ctx, args[1:])
	case "fetch":
		return fetch(ctx, args[1:])
	case "version", "--version":
		fmt.Println(version())
		return nil
	case "help", "--help", "-h":
		fmt.Print(usage)
		return nil
	}
	return &usageError{fmt.Errorf("there is no command %q\n\n%s", args[0], usage)}
}

// parse parses a command's settings and sets up logging.
func parse(fs *flag.FlagSet, args []string, logLevel *slog.Level, logFormat *string) error {
	fs.TextVar(logLevel, "log-level", slog.LevelInfo, "debug, info, warn or error")
	fs.StringVar(logFormat, "log-format", "json", "json or text")
	fs.SetOutput(os.Stdout)
	fs.Usage = func() {
		fmt.Fprintf(fs.Output(), "usage: mlfleet-inference %s [flags]\n\n", fs.Name())
		settings.Usage(fs)
	}
	if hasHelp(args) {
		fs.Usage()
		return flag.ErrHelp
	}
	fs.Usage = func() {}
	if err := settings.Parse(fs, args, os.LookupEnv); err != nil {
		return &usageError{err}
	}
	options := &slog.HandlerOptions{Level: *logLevel}
	switch *logFormat {
	case "json":
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, options)))
	case "text":
		slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, options)))
	default:
		return &usageError{fmt.Errorf("log format %q is unknown; want json or text", *logFormat)}
	}
	return nil
}

func hasHelp(args []string) bool {
	for _, a := range args {
		if a == "-h" || strings.TrimLeft(a, "-") == "help" && strings.HasPrefix(a, "-") {
			return true
		}
	}
	return false
}

// release is set by the linker (-X main.release=…) where an image is built.
var release string

// version is the release, the module's version, or the commit that it was built
// from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "commit " + s.Value
		}
	}
	return "devel"
}
