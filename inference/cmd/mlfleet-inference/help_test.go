package main

import (
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// help is what a command prints for --help.
func help(t *testing.T, command string) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout := os.Stdout
	os.Stdout = w
	text := make(chan string)
	go func() {
		b, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		text <- string(b)
	}()
	err = run(t.Context(), []string{command, "--help"})
	os.Stdout = stdout
	w.Close()
	if !errors.Is(err, flag.ErrHelp) {
		t.Errorf("%s --help: %v", command, err)
	}
	return <-text
}

var variable = regexp.MustCompile("`([A-Z][A-Z0-9_]*)`")

// TestHelpListsWhatTheContractPromises compares --help with the tables of
// settings that generated Deployments are written against.
func TestHelpListsWhatTheContractPromises(t *testing.T) {
	b, err := os.ReadFile("../../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	for command, section := range map[string]string{"serve": "## Settings of `serve`", "fetch": "## Artifacts and `fetch`"} {
		_, text, found := strings.Cut(string(b), section)
		if !found {
			t.Fatalf("the contract has no section %q", section)
		}
		text, _, _ = strings.Cut(text, "\n## ")
		text = strings.ReplaceAll(text, "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT")
		printed, n := help(t, command), 0
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "| `") {
				continue
			}
			cell, _, _ := strings.Cut(line[2:], "|")
			for _, m := range variable.FindAllStringSubmatch(cell, -1) {
				if strings.HasPrefix(m[1], "OTEL_") { // OpenTelemetry's own, no flag
					continue
				}
				n++
				name := "--" + strings.ToLower(strings.ReplaceAll(m[1], "_", "-"))
				at := strings.Index(printed, "\n  "+name)
				if at < 0 || !regexp.MustCompile(`^\n  `+name+`[ \n][^\n]*\n? *[^\n]*\[`+m[1]+`[],]`).MatchString(printed[at:]) {
					t.Errorf("%s --help does not list %s with %s", command, name, m[1])
				}
			}
		}
		if n < 8 {
			t.Errorf("%s: the contract's table has only %d variables", command, n)
		}
	}
}

func TestMistakesInSettingsAreUsageErrors(t *testing.T) {
	for _, args := range [][]string{
		{"serve", "--max-batch-size", "0"},
		{"serve", "--max-queue-delay", "fast"},
		{"serve", "--version-policy", "newest", "--http-port", "0", "--grpc-port", "0", "--metrics-port", "0"},
		{"serve", "--version-policy", "all", "--model-version", "1"},
		{"serve", "--model-control", "yes"},
		{"serve", "--head-timeout", "0s"},
		{"serve", "--body-timeout", "0s"},
		{"serve", "--idle-timeout", "0s"},
		{"serve", "--idle-timeout", "-1s"},
		{"serve", "--teardown-timeout", "0s"},
		{"serve", "--warm-up-limit", "0s"},
		{"serve", "--request-timeout", "-1s"},
		{"serve", "--stall-timeout", "-1s"},
		{"serve", "--log-format", "xml"},
		{"serve", "now"},
		{"fetch"},
		{"fetch", "--artifact-uri", "ftp://x", "--artifact-sha256", "0", "--model-name", "m", "--model-version", "1"},
		{"fetch", "--fetch-backoff", "0s", "--artifact-uri", "s3://b/p", "--artifact-sha256", "0", "--model-name", "m", "--model-version", "1"},
		{"dance"},
	} {
		if err := run(t.Context(), args); !errors.As(err, new(*usageError)) {
			t.Errorf("%v: %v", args, err)
		}
	}
}
