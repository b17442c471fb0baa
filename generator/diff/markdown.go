package diff

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"
)

// What fits into a comment on GitHub: the API refuses a body of more than 65,536
// characters. Counting bytes errs on the safe side.
const (
	commentLimit = 65_536
	// tailRoom is kept for what stands below the objects.
	tailRoom = 2_000
	// longest is how many characters of a line are shown.
	longest = 400
	// changeRoom is for how many bytes a change is shown.
	changeRoom = 16_000
	// openLines is up to how many lines everything is unfolded at once.
	openLines = 60
	// tableRows is how many tenants the table lists.
	tableRows = 50
	// noteRows is how many notes on files are listed.
	noteRows = 10
)

// Markdown writes the diff for a pull request's comment on GitHub or GitLab. What
// does not fit is left out, and it says so.
//
// Values come from tenants, who must not be able to write the comment: they
// stand only inside fenced blocks, where nothing is markup, with a fence longer
// than any they hold. Names outside are HTML-escaped inside code elements, in
// which GitHub takes no @name for a mention.
func (d *Diff) Markdown(w io.Writer) error {
	folded := d.Fold()
	m := markdown{open: folded.lines() <= openLines}
	m.printf("### mlfleet: %s\n\n", d.headline())
	for _, warning := range d.warnings() {
		m.printf("- :warning: %s\n", warning)
	}
	if len(folded.Tenants) > 1 {
		m.table(folded.Tenants)
	}
	for _, s := range folded.Shared {
		m.block("many tenants", [][]line{sharedLines(s)})
	}
	for _, t := range folded.Tenants {
		for _, g := range t.Groups {
			objects := make([][]line, len(g.Objects))
			for i, o := range g.Objects {
				objects[i] = objectLines(o)
			}
			m.block("<b>"+inline(t.title())+"</b> "+inline(g.title()), objects)
		}
	}
	if m.dropped > 0 {
		m.printf("\n> [!WARNING]\n> %s not shown: a comment holds at most %d characters. `mlfleet diff` shows everything.\n",
			count(m.dropped, "more change"), commentLimit)
	}
	m.notes(d.notes())
	_, err := io.WriteString(w, m.String())
	return err
}

func (f Folded) lines() int {
	n := 0
	for _, s := range f.Shared {
		n += len(sharedLines(s))
	}
	for _, t := range f.Tenants {
		for _, g := range t.Groups {
			for _, o := range g.Objects {
				n += len(objectLines(o))
			}
		}
	}
	return n
}

// markdown is a comment in the making.
type markdown struct {
	strings.Builder
	open    bool
	dropped int // changes that did not fit
}

func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m, format, args...) }

func (m *markdown) room() int { return commentLimit - tailRoom - m.Len() }

// table sums up each tenant in a row.
func (m *markdown) table(tenants []Tenant) {
	m.printf("\n| | clusters | added | changed | removed |\n|---|--:|--:|--:|--:|\n")
	for i, t := range tenants {
		if i == tableRows {
			m.printf("| and %s | | | | |\n", count(len(tenants)-i, "more tenant"))
			break
		}
		clusters := map[string]bool{}
		actions := map[Action]int{}
		for _, g := range t.Groups {
			for _, cluster := range g.Clusters {
				clusters[cluster] = true
			}
			for _, o := range g.Objects {
				actions[o.Action] += max(len(g.Clusters), 1)
			}
		}
		m.printf("| %s | %d | %d | %d | %d |\n", inline(t.title()), len(clusters), actions[Added], actions[Changed], actions[Removed])
	}
}

// block writes a folding part with as many of the changes as there is room for.
func (m *markdown) block(title string, changes [][]line) {
	fence := fenceFor(changes)
	state := ""
	if m.open {
		state = " open"
	}
	head := fmt.Sprintf("\n<details%s><summary>%s</summary>\n\n%sdiff\n", state, title, fence)
	tail := fence + "\n\n</details>\n"
	var body strings.Builder
	shown := 0
	for _, change := range changes {
		text := fenced(change)
		if m.dropped > 0 || len(head)+body.Len()+len(text)+len(tail) > m.room() {
			break
		}
		body.WriteString(text)
		shown++
	}
	m.dropped += len(changes) - shown
	if shown > 0 {
		m.WriteString(head + body.String() + tail)
	}
}

// fenced is the lines of a change as a diff block shows them: the first ones, if
// there are many.
func fenced(lines []line) string {
	var b strings.Builder
	for i, l := range lines {
		if b.Len() > changeRoom {
			fmt.Fprintf(&b, "  (%s)\n", count(len(lines)-i, "more line"))
			break
		}
		b.WriteByte(l.mark)
		b.WriteString(" " + strings.Repeat("  ", l.depth) + cut(l.text) + "\n")
	}
	return b.String()
}

// fenceFor is a fence that nothing in the lines can close.
func fenceFor(changes [][]line) string {
	run := 2
	for _, change := range changes {
		for _, l := range change {
			n := 0
			for i := range len(l.text) {
				if l.text[i] == '`' {
					n++
					run = max(run, n)
				} else {
					n = 0
				}
			}
		}
	}
	return strings.Repeat("`", run+1)
}

func (m *markdown) notes(notes []string) {
	for i, note := range notes {
		if i == 0 {
			m.WriteString("\n")
		}
		if i == noteRows {
			m.printf("- and %s\n", count(len(notes)-i, "more file"))
			break
		}
		m.printf("- %s\n", inline(note))
	}
}

// inline is text outside of a fenced block. Plain words stay as they are;
// anything else goes into a code element, with every character that Markdown or
// HTML could take for its own as an entity, which neither does.
func inline(text string) string {
	safe := strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(" ,:-./", r))
	}) < 0
	if safe && !strings.Contains(text, "//") && !strings.Contains(text, "www.") {
		return text
	}
	var b strings.Builder
	for _, r := range cut(text) {
		if r < 0x80 && strings.ContainsRune("\\`*_{}[]()#+!|~@:<>&\"'$^=%", r) {
			fmt.Fprintf(&b, "&#%d;", r)
			continue
		}
		b.WriteString(html.EscapeString(string(r)))
	}
	return "<code>" + b.String() + "</code>"
}

// cut shortens a line that nobody would read to its end, and says so.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	runes := []rune(text)
	return fmt.Sprintf("%s… (%d more characters)", string(runes[:longest]), len(runes)-longest)
}
