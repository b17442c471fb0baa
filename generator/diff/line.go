package diff

import (
	"fmt"
	"strings"
)

// line is one line of what a person reads: the same for a terminal and for a
// pull request, which differ in where they put the mark.
type line struct {
	mark  byte // '+', '-', '!' for a consequence, or ' '
	depth int
	text  string
}

// objectLines says what happens to one object.
func objectLines(o Object) []line {
	head := line{' ', 0, "~ " + plain(o.ID())}
	switch o.Action {
	case Added:
		head = line{'+', 0, plain(o.ID())}
	case Removed:
		head = line{'-', 0, plain(o.ID())}
	}
	out := append([]line{head}, consequenceLines(o.Consequences)...)
	if o.MovedFrom != "" {
		out = append(out, line{' ', 2, "moved from " + plain(o.MovedFrom)})
	}
	return append(out, fieldLines(o.Fields)...)
}

// sharedLines says what happens to many tenants' objects.
func sharedLines(s Shared) []line {
	head := fmt.Sprintf("~ %s of %s", count(s.Objects, plain(s.Kind)), count(s.tenants(), "tenant"))
	out := append([]line{{' ', 0, head}}, consequenceLines(s.Consequences)...)
	out = append(out, fieldLines(s.Fields)...)
	for _, t := range s.Tenants {
		out = append(out, line{' ', 2, fmt.Sprintf("in %s: %s (%s)",
			plain(t.Tenant), plain(strings.Join(t.Names, ", ")), plain(strings.Join(t.Clusters, ", ")))})
	}
	return out
}

func (s Shared) tenants() int {
	n := 0
	for i, t := range s.Tenants {
		if i == 0 || s.Tenants[i-1].Tenant != t.Tenant {
			n++
		}
	}
	return n
}

func consequenceLines(consequences []Consequence) []line {
	var out []line
	for _, c := range consequences {
		out = append(out, line{'!', 1, plain(c.Text)})
	}
	return out
}

// short is how long a change may be to stand on one line.
const short = 80

func fieldLines(fields []Field) []line {
	var out []line
	for _, f := range fields {
		path, old, new := plain(f.Path), lines(f.Old), lines(f.New)
		switch {
		case len(old) == 0 && len(new) == 1:
			out = append(out, line{'+', 2, path + ": " + new[0]})
		case len(new) == 0 && len(old) == 1:
			out = append(out, line{'-', 2, path + ": " + old[0]})
		case len(old) == 1 && len(new) == 1 && len(path)+len(old[0])+len(new[0]) <= short:
			out = append(out, line{' ', 2, path + ": " + old[0] + " → " + new[0]})
		default:
			out = append(out, line{' ', 2, path})
			out = append(out, textLines(old, new)...)
		}
	}
	return out
}

// textLines shows two texts less the lines that both begin and end with.
func textLines(old, new []string) []line {
	start := 0
	for start < len(old) && start < len(new) && old[start] == new[start] {
		start++
	}
	end := 0
	for end < len(old)-start && end < len(new)-start && old[len(old)-1-end] == new[len(new)-1-end] {
		end++
	}
	old, new = old[:len(old)-end], new[:len(new)-end]
	var out []line
	if start > 0 {
		out = append(out, line{' ', 3, fmt.Sprintf("(from line %d)", start+1)})
	}
	if len(old) == start+1 && len(new) == start+1 {
		a, b := withoutPrefix(old[start], new[start])
		return append(out, line{'-', 3, a}, line{'+', 3, b})
	}
	for _, text := range old[start:] {
		out = append(out, line{'-', 3, text})
	}
	for _, text := range new[start:] {
		out = append(out, line{'+', 3, text})
	}
	return out
}

// withoutPrefix leaves out what two long lines begin with alike, but for the last
// characters before they part.
func withoutPrefix(a, b string) (string, string) {
	const longPrefix, kept = 200, 40
	x, y := []rune(a), []rune(b)
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	if n < longPrefix {
		return a, b
	}
	equal := fmt.Sprintf("(%d equal characters)…", n-kept)
	return equal + string(x[n-kept:]), equal + string(y[n-kept:])
}

// headline is what changes, in numbers.
func (d *Diff) headline() string {
	s := d.Summary
	if len(d.Objects) == 0 {
		return "no object changes"
	}
	where := []string{}
	if s.Tenants > 0 {
		where = append(where, count(s.Tenants, "tenant"))
	}
	if s.Clusters > 0 {
		where = append(where, count(s.Clusters, "cluster"))
	}
	if len(where) == 0 {
		where = append(where, "Argo CD")
	}
	return fmt.Sprintf("%s: %s added, %d changed, %d removed", strings.Join(where, ", "), count(s.Added, "object"), s.Changed, s.Removed)
}

// warnings are the consequences in numbers, the worst first.
func (d *Diff) warnings() []string {
	var out []string
	for _, w := range []struct {
		kind ConsequenceKind
		noun string
		text string
	}{
		{DeletesNamespace, "Namespace", "removed, contents included"},
		{Recreate, "object", "to be deleted and made again by hand"},
		{Stop, "Deployment", "removed: pods stop"},
		{Restart, "Deployment", "changed: pods restart"},
		{Stays, "object", "no longer generated, but left in place until deleted by hand"},
	} {
		if n := d.Summary.Consequences[w.kind]; n > 0 {
			out = append(out, count(n, w.noun)+" "+w.text)
		}
	}
	return out
}

// fewFiles is how many rewritten files are named.
const fewFiles = 5

// notes are what is to be said of files.
func (d *Diff) notes() []string {
	var out []string
	f := d.Files
	if n := len(f.Added) + len(f.Changed) + len(f.Removed); n > 0 {
		out = append(out, fmt.Sprintf("Kustomize sources: %d added, %d changed, %d removed", len(f.Added), len(f.Changed), len(f.Removed)))
	}
	if n := len(f.Rewritten); n > fewFiles {
		out = append(out, fmt.Sprintf("rewritten, objects as before: %s and %s", plain(f.Rewritten[0]), count(n-1, "more file")))
	} else if n > 0 {
		out = append(out, "rewritten, objects as before: "+plain(strings.Join(f.Rewritten, ", ")))
	}
	for _, u := range f.Unreadable {
		out = append(out, fmt.Sprintf("replaced, but not readable as objects: %s (%s)", plain(u.File), plain(u.Reason)))
	}
	return out
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if before, ok := strings.CutSuffix(noun, "y"); ok {
		return fmt.Sprintf("%d %sies", n, before)
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
