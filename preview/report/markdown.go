package report

import (
	"io"
	"strings"

	"github.com/mlfleet/mlfleet/preview/finding"
)

// Markdown prints the report for a pull request: what is wrong and what changes, and
// the Applications folded away below.
func (r *Report) Markdown(w io.Writer) error {
	p := &printer{w: w}
	p.line("### Argo CD preview\n\n%s", r.summary())
	if len(r.Findings) == 0 {
		p.line("\nNothing is wrong.")
	} else {
		p.line("\n**%s**\n", plural(len(r.Findings), "finding"))
		p.findings(r.Findings)
	}
	if r.Against != "" {
		p.line("\n**Against `%s`: %s**", code(r.Against), r.effects())
		if len(r.Changes) > 0 {
			p.line("\n| | Application | |\n| --- | --- | --- |")
		}
		for _, c := range r.Changes {
			about := []string{}
			if c.Note != "" {
				about = append(about, escaped(c.Note))
			}
			for _, f := range c.Fields {
				about = append(about, "`"+code(f.String())+"`")
			}
			p.line("| %s | `%s` | %s |", c.Effect, code(c.Application), strings.Join(about, "<br>"))
		}
	}
	if len(r.Notes) > 0 {
		p.line("\n%s\n", escaped(r.notes()))
		p.findings(r.Notes)
	}
	p.line("\n<details><summary>%s</summary>\n", plural(len(r.Applications), "Application"))
	p.line("| Application | set | step | project | destination | sync | path |\n| --- | --- | --- | --- | --- | --- | --- |")
	for _, g := range r.groups() {
		for _, a := range g.apps {
			p.line("| `%s` | %s | %s | `%s` | `%s` | %s | `%s` |", code(a.Name), escaped(g.name()), step(a),
				code(a.Spec.Project), code(destination(a)), sync(a), code(path(a)))
		}
	}
	p.line("\n</details>")
	return p.err
}

func (p *printer) findings(all []finding.Finding) {
	for _, f := range all {
		p.line("- `%s` %s", code(f.Place()), escaped(strings.TrimPrefix(f.String(), f.Place()+": ")))
	}
}

// code makes text safe between backquotes in a table. That a text ends no line, the
// printer sees to.
func code(text string) string { return codeReplacer.Replace(text) }

// escaped makes text safe in markdown, where a tree's text could otherwise be a link, a
// mention or HTML.
func escaped(text string) string { return textReplacer.Replace(text) }

var (
	codeReplacer = strings.NewReplacer("`", "'", "|", "\\|")
	textReplacer = strings.NewReplacer("\\", "\\\\", "`", "\\`", "|", "\\|", "<", "&lt;", "*", "\\*", "_", "\\_",
		"[", "\\[", "]", "\\]", "@", "&#64;", "#", "\\#")
)
