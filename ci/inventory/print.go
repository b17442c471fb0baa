package inventory

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// JSON writes the inventory for programs.
func (inv *Inventory) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(inv)
}

// width is what Text stays within, in columns, as far as names let it.
const width = 100

// Text writes a table for people, two lines an image, and below it what is wrong;
// now is what ages count to.
func (inv *Inventory) Text(w io.Writer, now time.Time) error {
	var b strings.Builder
	rows := [][]string{{"DIGEST", "ENVIRONMENTS", "SIGNATURE", "SCAN", "WAIVERS", "FINDINGS"}}
	for _, i := range inv.Images {
		rows = append(rows, i.row(now))
	}
	lines := align(rows)
	b.WriteString("IMAGE\n  " + lines[0] + "\n")
	unchecked := 0
	for n, i := range inv.Images {
		b.WriteString(i.title() + "\n  " + lines[n+1] + "\n")
		if i.Evidence.Signature != Verified {
			unchecked++
		}
	}
	images := plural(len(inv.Images), "image")
	switch {
	case len(inv.Findings) > 0:
		fmt.Fprintf(&b, "\n%s, %s:\n", images, plural(len(inv.Findings), "finding"))
	case unchecked > 0:
		fmt.Fprintf(&b, "\n%s, %d not verified\n", images, unchecked)
	default:
		fmt.Fprintf(&b, "\n%s, all proven\n", images)
	}
	for _, f := range inv.Findings {
		fmt.Fprintf(&b, "\n%s (%s)\n%s\n%s\n", short(f.Image), f.Where, wrap("  ", f.Message), f.mend())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// title is the first of an image's lines: its name, how many clusters run it, and
// what it was built from.
func (i *Image) title() string {
	e := &i.Evidence
	var more []string
	if e.Commit != "" {
		more = append(more, "commit "+e.Commit[:min(len(e.Commit), 12)])
	}
	if len(e.SBOMs) > 0 {
		more = append(more, "SBOM "+strings.Join(e.SBOMs, ","))
	}
	name := strings.TrimSuffix(i.Name+":"+i.Tag, ":") + " on " + plural(len(i.Clusters), "cluster")
	if len(more) == 0 {
		return name
	}
	return name + " (" + strings.Join(more, "; ") + ")"
}

// row is the second of an image's lines.
func (i *Image) row(now time.Time) []string {
	e := &i.Evidence
	row := []string{"-", words(i.Environments), string(e.Signature), "-", "-", "-"}
	switch {
	case i.Pinned():
		row[0] = strings.TrimPrefix(i.Digest, "sha256:")[:12]
	case i.Unproven:
		row[0] = "unproven"
	}
	if !e.Scanned.IsZero() {
		verdict := "failed"
		if e.Passed {
			verdict = "passed"
		}
		row[3] = fmt.Sprintf("%s, %s", verdict, age(now.Sub(e.Scanned)))
		row[4] = fmt.Sprint(len(e.Waivers))
		row[5] = worst(e.Findings)
	}
	return row
}

// align makes lines of rows, with columns below one another.
func align(rows [][]string) []string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for c, cell := range row {
			widths[c] = max(widths[c], len(cell))
		}
	}
	var lines []string
	for _, row := range rows {
		var b strings.Builder
		for c, cell := range row {
			fmt.Fprintf(&b, "%-*s  ", widths[c], cell)
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return lines
}

// worst is the counts by severity, where there are more than two only the worst
// one's and how many findings there are besides: "2 CRITICAL, 205 more".
func worst(counts map[string]int) string {
	var found []string
	rest := 0
	for _, s := range provenance.Severities() {
		if counts[s] > 0 {
			found = append(found, s)
			rest += counts[s]
		}
	}
	if len(found) <= 2 {
		return provenance.Summary(counts)
	}
	rest -= counts[found[0]]
	return fmt.Sprintf("%d %s, %d more", counts[found[0]], found[0], rest)
}

// mend is how to mend it, a command on a line of its own.
func (f *Finding) mend() string {
	advice, command, ok := strings.Cut(f.Fix, ": mlfleet ")
	if !ok {
		return wrap("  fix: ", f.Fix)
	}
	return wrap("  fix: ", advice+":") + "\n       mlfleet " + command
}

// short is a reference with the beginning of its digest.
func short(ref string) string {
	name, digest, ok := strings.Cut(ref, "@sha256:")
	switch {
	case !ok:
		return ref
	case "sha256:"+digest == noDigest:
		return name
	}
	return name + "@" + digest[:min(len(digest), 12)]
}

// wrap breaks text at spaces into lines that begin with as many columns as lead has.
func wrap(lead, text string) string {
	var b strings.Builder
	b.WriteString(lead)
	column := len(lead)
	for n, word := range strings.Fields(text) {
		switch {
		case n == 0:
		case column+1+len(word) > width:
			b.WriteString("\n" + strings.Repeat(" ", len(lead)))
			column = len(lead)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// age is a duration in its largest unit.
func age(d time.Duration) string {
	switch {
	case d < 0:
		return "to come"
	case d < time.Hour:
		return fmt.Sprintf("%dm ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd ago", int(d.Hours()/24))
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func words(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, ",")
}
