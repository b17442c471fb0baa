package policy

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/scan"
)

// Verdict is what the policy says about scanned images.
type Verdict struct {
	Passed   bool      `json:"passed"`             // nothing in Blocking and Expired
	Blocking []Judged  `json:"blocking,omitempty"` // must be mended or waived
	Expired  []Judged  `json:"expired,omitempty"`  // were waived, and the waiver has ended: they block as well
	Waived   []Judged  `json:"waived,omitempty"`   // would block, and are waived
	Reported []Judged  `json:"reported,omitempty"` // below the gate
	Unused   []Waiver  `json:"unused,omitempty"`   // waivers that match no finding of these images
	Judged   time.Time `json:"judged"`
}

// Judged is one finding in one image and what became of it.
type Judged struct {
	Image    string       `json:"image"`
	Platform string       `json:"platform"`
	Finding  scan.Finding `json:"finding"`
	Waiver   *Waiver      `json:"waiver,omitempty"` // the one that lets it pass, or let it
	Text     string       `json:"text"`             // what, where, and what to do: for a person
}

// Identifiers of the findings that the policy makes itself, from what a scan says about an image as a whole.
const (
	EndOfLife = "end-of-life" // the operating system gets no security updates any more
	Unread    = "unread"      // packages that the scan does not judge; Package holds their kind
)

// Judge applies the policy to the results of one image's platforms, or of several images, at a time.
// It does not look at the database's age: advisory.Open has.
func (p *Policy) Judge(results []*scan.Result, now time.Time) Verdict {
	v := Verdict{Judged: now.UTC()}
	used := map[string]bool{}
	for _, r := range results {
		for _, f := range slices.Concat(ofImage(r), r.Findings) {
			waiver := p.waiver(f, now)
			if waiver != nil {
				used[waiver.At] = true
			}
			v.put(p, r, f, waiver, now)
		}
	}
	for _, w := range p.Waivers {
		if !used[w.At] {
			v.Unused = append(v.Unused, w)
		}
	}
	v.Passed = len(v.Blocking) == 0 && len(v.Expired) == 0
	return v
}

// put files one finding under what becomes of it.
func (v *Verdict) put(p *Policy, r *scan.Result, f scan.Finding, waiver *Waiver, now time.Time) {
	j := Judged{Image: r.Name, Platform: r.Platform, Finding: f, Waiver: waiver}
	list, text := &v.Blocking, told(f)+": "+mend(f)
	switch {
	case !p.blocks(f):
		list, text, j.Waiver = &v.Reported, told(f), nil
	case waiver == nil:
	case waiver.Active(now):
		list, text = &v.Waived, told(f)+": "+waiver.holds()
	default:
		list, text = &v.Expired, told(f)+": "+waiver.ended(now)+"; "+mend(f)
	}
	j.Text = text
	*list = append(*list, j)
}

// blocks says whether a finding would stop the image if nobody waived it. Secrets always do.
func (p *Policy) blocks(f scan.Finding) bool {
	switch {
	case f.Kind == scan.Secret:
		return true
	case f.ID == EndOfLife:
		return p.Gate.EndOfLife == Block
	case f.ID == Unread:
		return p.Gate.Unread == Block
	case !slices.Contains(p.Gate.Severities, strings.ToLower(f.Severity)):
		return false
	}
	return f.Fixed != "" || p.Gate.Unfixed == Block
}

// ofImage turns what a scan says about the image as a whole into findings.
func ofImage(r *scan.Result) []scan.Finding {
	var all []scan.Finding
	if r.EndOfLife {
		all = append(all, scan.Finding{Kind: scan.Vulnerability, ID: EndOfLife, Severity: "HIGH", Package: r.OS,
			Title: r.OS + " gets no security updates any more: its advisories are incomplete"})
	}
	for _, kind := range slices.Sorted(maps.Keys(r.Unread)) {
		all = append(all, scan.Finding{Kind: scan.Vulnerability, ID: Unread, Severity: "UNKNOWN", Package: kind,
			Title: "packages that this scan does not judge"})
	}
	return all
}

// waiver finds the one that covers a finding: an active one before an ended one, then the most particular.
func (p *Policy) waiver(f scan.Finding, now time.Time) *Waiver {
	var best *Waiver
	for i := range p.Waivers {
		w := &p.Waivers[i]
		if !w.covers(f) {
			continue
		}
		if best == nil || w.rank(now) > best.rank(now) {
			best = w
		}
	}
	return best
}

// covers: a secret is waived by rule and file, a vulnerability by identifier and, where the waiver names them, package and file.
func (w Waiver) covers(f scan.Finding) bool {
	if w.ID != f.ID || w.Path != "" && w.Path != f.Path || w.Package != "" && w.Package != f.Package {
		return false
	}
	return f.Kind != scan.Secret || w.Path != ""
}

func (w Waiver) rank(now time.Time) int {
	rank := 0
	if w.Active(now) {
		rank += 4
	}
	if w.Path != "" {
		rank += 2
	}
	if w.Package != "" {
		rank++
	}
	return rank
}
