package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"github.com/mlfleet/mlfleet/preview/change"
)

// Text prints the report for a terminal: the Applications set by set, then what
// changes, then what is wrong, so that the last lines are those that matter most.
func (r *Report) Text(w io.Writer) error {
	p := &printer{w: w}
	for _, g := range r.groups() {
		p.line("%s", g.title())
		table := tabwriter.NewWriter(p, 0, 0, 2, ' ', 0)
		for _, a := range g.apps {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\t%s\n", step(a), Plain(a.Name), Plain(a.Spec.Project), Plain(destination(a)), sync(a), Plain(path(a)))
		}
		_ = table.Flush() // the printer keeps the error
		p.line("")
	}
	if r.Against != "" {
		p.line("against %s: %s", r.Against, r.effects())
		for _, c := range r.Changes {
			p.line("  %s %s%s", mark(c.Effect), c.Application, note(c))
			for _, f := range c.Fields {
				p.line("      %s", f)
			}
		}
		if len(r.Notes) > 0 {
			p.line("%s", r.notes())
			for _, f := range r.Notes {
				p.line("  %s", f)
			}
		}
		p.line("")
	}
	for _, f := range r.Findings {
		p.line("%s", f)
	}
	if len(r.Findings) > 0 {
		p.line("")
	}
	p.line("%s", r.summary())
	if len(r.Findings) > 0 {
		p.line("%s", plural(len(r.Findings), "finding"))
	}
	return p.err
}

// mark is a change at a glance.
func mark(e change.Effect) string {
	switch e {
	case change.Created:
		return "+"
	case change.Altered:
		return "~"
	case change.Deleted:
		return "-"
	case change.Held:
		return "="
	case change.Orphaned:
		return "?"
	}
	return "!"
}

// note is the effect, where the mark alone would not say it, and why.
func note(c change.Change) string {
	switch {
	case c.Note != "":
		return " " + string(c.Effect) + ": " + c.Note
	case c.Effect == change.Created && c.Set != "":
		return " of " + c.Set
	}
	return ""
}

// printer keeps the first error, so that printing reads as what is printed.
type printer struct {
	w   io.Writer
	err error
}

// line prints a line. No argument ends it, or steers the terminal.
func (p *printer) line(format string, args ...any) {
	for i, arg := range args {
		args[i] = Plain(fmt.Sprint(arg))
	}
	fmt.Fprintf(p, format+"\n", args...)
}

// Plain makes text safe for a terminal: it spells out whatever is no visible character,
// as Go would in a string. A tree's text could otherwise forge or wipe out lines.
func Plain(text string) string {
	visible := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if !strings.ContainsFunc(text, func(r rune) bool { return !visible(r) }) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if visible(r) {
			out.WriteRune(r)
		} else {
			quoted := strconv.QuoteRuneToASCII(r)
			out.WriteString(quoted[1 : len(quoted)-1])
		}
	}
	return out.String()
}

// Write implements [io.Writer].
func (p *printer) Write(data []byte) (int, error) {
	if p.err == nil {
		_, p.err = p.w.Write(data)
	}
	return len(data), p.err
}
