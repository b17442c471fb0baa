package command

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// printFindings prints findings on standard error, one a line; with -v the
// places of the rules behind each stand below it.
func (a *app) printFindings(findings fleet.Findings) {
	for _, f := range findings {
		if a.quiet && f.Severity == fleet.Warning {
			continue
		}
		fmt.Fprintln(a.stderr, a.coloured(f))
		if !a.verbose {
			continue
		}
		for _, rule := range f.Rules {
			fmt.Fprintf(a.stderr, "    rule: %s\n", rule)
		}
	}
}

// coloured is the finding as it prints itself, with its place in bold.
func (a *app) coloured(f fleet.Finding) string {
	text := f.String()
	if f.File == "" {
		return text
	}
	place := f.Position.String()
	rest := strings.TrimPrefix(text, place)
	if warned, ok := strings.CutPrefix(rest, ": warning:"); ok {
		rest = ": " + a.err.Yellow("warning:") + warned
	}
	return a.err.Bold(place) + rest
}

// count is how many findings there are: "2 errors, 1 warning".
func count(findings fleet.Findings) string {
	var parts []string
	if n := len(findings.Errors()); n > 0 {
		parts = append(parts, plural(n, "error"))
	}
	if n := len(findings.Warnings()); n > 0 {
		parts = append(parts, plural(n, "warning"))
	}
	return strings.Join(parts, ", ")
}

// plural counts things: "1 error", "2 errors".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
