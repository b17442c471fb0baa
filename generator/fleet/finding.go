package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Position is a place in an input file. Line and Column count from 1; a
// position with Line 0 stands for the file (or folder) as a whole.
type Position struct {
	File   string `json:"file"`             // slash-separated, relative to the fleet's root
	Line   int    `json:"line,omitempty"`   // 1-based
	Column int    `json:"column,omitempty"` // 1-based, in characters
}

// String gives file:line:column, as editors and terminals link it.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity says whether a finding stops the run.
type Severity string

const (
	// Error stops the run: nothing is written.
	Error Severity = "error"
	// Warning is printed, and the run goes on.
	Warning Severity = "warning"
)

// Finding is something a check has to say about an input: where, what is
// wrong, what was expected instead and how to mend it. It is written for an ML
// engineer who knows neither CUE nor Kubernetes.
type Finding struct {
	Position
	Severity Severity `json:"severity"`
	// Message says what is wrong, in lower case and without a full stop.
	Message string `json:"message"`
	// Expected says what would have been right ("one of gold, silver"); may be empty.
	Expected string `json:"expected,omitempty"`
	// Fix says what to do ("write 'replicas'"); may be empty where Expected says it all.
	Fix string `json:"fix,omitempty"`
	// Rules are the places of the CUE rules that refused the value.
	Rules []string `json:"rules,omitempty"`
}

// String gives "file:line:column: message (expected) — fix" on one line. What a
// hostile file or its name holds reaches no terminal as a control sequence.
func (f Finding) String() string {
	var b strings.Builder
	if f.File != "" {
		fmt.Fprintf(&b, "%s: ", f.Position)
	}
	if f.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(f.Message)
	if f.Expected != "" {
		fmt.Fprintf(&b, " (%s)", f.Expected)
	}
	if f.Fix != "" {
		fmt.Fprintf(&b, " — %s", f.Fix)
	}
	return printable(b.String())
}

// printable writes what is not to be seen, and what turns lines around, as escapes.
func printable(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		}
	}
	return b.String()
}

// Findings is a list of findings. As an error it prints one a line.
type Findings []Finding

// Error prints every finding on a line of its own.
func (fs Findings) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Errors returns those that stop the run.
func (fs Findings) Errors() Findings { return fs.with(Error) }

// Warnings returns those that do not.
func (fs Findings) Warnings() Findings { return fs.with(Warning) }

func (fs Findings) with(s Severity) Findings {
	var out Findings
	for _, f := range fs {
		if f.Severity == s {
			out = append(out, f)
		}
	}
	return out
}

// Sorted returns the findings by file, line, column and message, each once.
func (fs Findings) Sorted() Findings {
	out := slices.Clone(fs)
	slices.SortStableFunc(out, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message),
		)
	})
	return slices.CompactFunc(out, func(a, b Finding) bool {
		return a.Position == b.Position && a.Message == b.Message
	})
}
