package pipeline

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/provenance"
)

// Report is what a run did.
type Report struct {
	Image        string              `json:"image"`  // repository:tag@digest
	Digest       string              `json:"digest"` // of the index, or of the image where there is none
	Source       string              `json:"source,omitempty"`
	Revision     string              `json:"revision,omitempty"`
	Modified     bool                `json:"modified,omitempty"`
	Base         string              `json:"base,omitempty"`
	Platforms    []PlatformReport    `json:"platforms,omitempty"`
	Layers       []Layer             `json:"layers,omitempty"`
	Database     string              `json:"database,omitempty"`
	DBUpdated    time.Time           `json:"dbUpdated,omitzero"`
	Findings     map[string]int      `json:"findings,omitempty"` // by severity
	Waivers      []provenance.Waiver `json:"waivers,omitempty"`  // used or expired
	Verdict      *policy.Verdict     `json:"verdict,omitempty"`
	Key          string              `json:"key,omitempty"`
	Signatures   Changes             `json:"signatures"`
	Attestations Changes             `json:"attestations"`
	Pinned       *Pinned             `json:"pinned,omitempty"`
	Steps        []Step              `json:"steps"`
}

// PlatformReport is one platform's image.
type PlatformReport struct {
	Platform string `json:"platform"`
	Digest   string `json:"digest"`
	OS       string `json:"os,omitempty"`
	Packages int    `json:"packages"`
}

// Changes says how much was written, and how much was there already.
type Changes struct {
	Written int `json:"written"`
	Kept    int `json:"kept"`
}

// Pinned is what was pinned.
type Pinned struct {
	Ref     string `json:"ref"`
	Changed bool   `json:"changed"` // false: it was pinned already
}

// Step is a step and how long it took.
type Step struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

func (r *Report) identify(s *Subject) {
	r.Image, r.Digest = s.Pin(), s.Digest.DigestStr()
	if b := s.Built; b != nil {
		r.Source, r.Revision, r.Modified, r.Base, r.Layers = b.Source, b.Revision, b.Modified, b.Base, b.Layers
	}
}

func (r *Report) judged(g *Gate, j *Judgement) {
	r.Database, r.DBUpdated = g.Origin, g.DB.Metadata().UpdatedAt.UTC()
	for _, result := range j.Results {
		r.Platforms = append(r.Platforms, PlatformReport{result.Platform, result.Digest.String(), result.OS, result.Packages})
	}
	r.Findings = map[string]int{}
	for _, f := range findings(&j.Verdict) {
		r.Findings[f.Severity]++
	}
	r.Waivers, r.Verdict = waivers(&j.Verdict), &j.Verdict
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")) }
	if len(r.Layers) > 0 {
		line("LAYER", "PLATFORM", "SIZE", "DIGEST", "")
		for _, l := range r.Layers {
			line(l.Name, l.Platform, sized(l.Size), short(l.Digest), map[bool]string{true: "reused", false: "made"}[l.Reused])
		}
		line()
	}
	if len(r.Platforms) > 0 {
		line("PLATFORM", "DIGEST", "SYSTEM", "PACKAGES")
		for _, p := range r.Platforms {
			line(p.Platform, short(p.Digest), orNone(p.OS), fmt.Sprint(p.Packages))
		}
		line()
	}
	table.Flush() //nolint:errcheck // a strings.Builder takes everything
	r.facts(line)
	line()
	line("STEP", "TIME")
	for _, s := range r.Steps {
		line(s.Name, seconds(time.Duration(s.Seconds*float64(time.Second))))
	}
	table.Flush() //nolint:errcheck // as above
	_, err := io.WriteString(w, trimmed(b.String()))
	return err
}

// facts are one line each.
func (r *Report) facts(line func(...string)) {
	if r.Revision != "" {
		modified := map[bool]string{true: ", with changes that are not committed"}[r.Modified]
		line("commit", r.Revision+modified)
		line("base", r.Base)
	}
	if !r.DBUpdated.IsZero() {
		line("database", fmt.Sprintf("%s, of %s", r.Database, r.DBUpdated.Format("2006-01-02 15:04 MST")))
		line("findings", provenance.Summary(r.Findings))
		line("waivers", waived(r.Waivers))
	}
	if r.Key != "" {
		line("key", short(r.Key))
		line("signatures", r.Signatures.String())
		line("attestations", r.Attestations.String())
	}
	line("digest", r.Digest)
	if r.Pinned != nil {
		line("pinned", r.Pinned.Ref+map[bool]string{false: " (it was already)"}[r.Pinned.Changed])
	}
}

func (c Changes) String() string { return fmt.Sprintf("%d written, %d kept", c.Written, c.Kept) }

func waived(all []provenance.Waiver) string {
	var words []string
	for _, w := range all {
		verb := map[bool]string{true: "ended", false: "until"}[w.Expired]
		words = append(words, fmt.Sprintf("%s %s %s (%s)", w.ID, verb, w.Expires.UTC().Format(time.DateOnly), w.Owner))
	}
	return orNone(strings.Join(words, ", "))
}

// short is enough of a digest to tell two apart.
func short(digest string) string {
	hex := digest[strings.IndexByte(digest, ':')+1:]
	return hex[:min(12, len(hex))]
}

// sized is a size as people read it.
func sized(n int64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return fmt.Sprintf("%d B", n)
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// trimmed takes the spaces off the ends of lines, which columns leave.
func trimmed(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}
