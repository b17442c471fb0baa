package diff

import (
	"bufio"
	"io"
	"strings"
)

// The colours of a terminal (ECMA-48, "Select Graphic Rendition").
const (
	red    = "\x1b[31m"
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	bold   = "\x1b[1m"
	reset  = "\x1b[0m"
)

// Text writes the diff for a terminal, in colour if asked to. It shows every
// value in full.
func (d *Diff) Text(w io.Writer, color bool) error {
	out := text{bufio.NewWriter(w), color}
	out.print(bold, d.headline())
	for _, warning := range d.warnings() {
		out.print(yellow, "! "+warning)
	}
	folded := d.Fold()
	if len(folded.Shared) > 0 {
		out.print("", "")
		out.print(bold, "many tenants")
	}
	for _, s := range folded.Shared {
		out.lines(1, sharedLines(s))
	}
	for _, t := range folded.Tenants {
		out.print("", "")
		out.print(bold, t.title())
		for _, g := range t.Groups {
			out.print("", "  "+g.title())
			for _, o := range g.Objects {
				out.lines(2, objectLines(o))
			}
		}
	}
	if notes := d.notes(); len(notes) > 0 {
		out.print("", "")
		for _, note := range notes {
			out.print("", note)
		}
	}
	return out.Flush()
}

func (t Tenant) title() string {
	if t.Name == "" {
		return "platform"
	}
	return "tenant " + plain(t.Name)
}

func (g Group) title() string {
	switch len(g.Clusters) {
	case 0:
		return "in Argo CD"
	case 1:
		return "in " + plain(g.Clusters[0])
	}
	return "in " + count(len(g.Clusters), "cluster") + ": " + plain(strings.Join(g.Clusters, ", "))
}

type text struct {
	*bufio.Writer
	color bool
}

// print writes one line. Errors stay in the bufio.Writer until Flush.
func (t text) print(color, line string) {
	if t.color && color != "" && line != "" {
		line = color + line + reset
	}
	_, _ = t.WriteString(line + "\n")
}

func (t text) lines(depth int, lines []line) {
	for _, l := range lines {
		color, mark := "", ""
		switch l.mark {
		case '+':
			color, mark = green, "+ "
		case '-':
			color, mark = red, "- "
		case '!':
			color, mark = yellow, "! "
		}
		t.print(color, strings.Repeat("  ", depth+l.depth)+mark+l.text)
	}
}
