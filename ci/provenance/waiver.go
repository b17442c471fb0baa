package provenance

import (
	"fmt"
	"slices"
	"time"
)

// Waiver is a finding that somebody answers for until a day.
type Waiver struct {
	ID      string    `json:"id"`
	Package string    `json:"package,omitempty"` // only in this package; empty: in any
	Path    string    `json:"path,omitempty"`    // only in this file, as Finding.Target has it; empty: in any
	Reason  string    `json:"reason"`
	Owner   string    `json:"owner"`
	Expires time.Time `json:"expires"`
	Expired bool      `json:"expired,omitempty"` // had passed when the scan was judged: it waived nothing
}

// Covers says in words what the waiver lets pass.
func (w *Waiver) Covers() string {
	words := w.ID
	if w.Package != "" {
		words += " in " + w.Package
	}
	if w.Path != "" {
		words += " in the file " + w.Path
	}
	return words
}

func (w *Waiver) covers(f *Finding) bool {
	return !w.Expired && w.ID == f.ID && (w.Package == "" || w.Package == f.Package) && (w.Path == "" || w.Path == f.Target)
}

// validate says what is missing, or contradicts the time at which the policy was asked.
func (w *Waiver) validate(asked time.Time) error {
	if w.ID == "" || w.Reason == "" || w.Owner == "" || w.Expires.IsZero() {
		return fmt.Errorf("the waiver of %q lacks its id, reason, owner or expiry", w.ID)
	}
	// Expires is a day's last second.
	if !w.Expired && w.Expires.Before(asked.Truncate(time.Second)) {
		return fmt.Errorf("the waiver of %s had ended (%s) when the scan began (%s), and is said to hold", w.Covers(), stamp(w.Expires), stamp(asked))
	}
	return nil
}

// waiver is the one that lets a finding pass for the longest time; nil: none does.
func (r *Result) waiver(f *Finding) *Waiver {
	var longest *Waiver
	for i := range r.Waivers {
		if w := &r.Waivers[i]; w.covers(f) && (longest == nil || w.Expires.After(longest.Expires)) {
			longest = w
		}
	}
	return longest
}

// Ended are the waivers without which the verdict is another one at a later time:
// they have ended by then, and no other covers what they did.
func (r *Result) Ended(now time.Time) []*Waiver {
	var ended []*Waiver
	for i := range r.Findings {
		f := &r.Findings[i]
		if !f.Waived {
			continue
		}
		if w := r.waiver(f); w != nil && now.After(w.Expires) && !slices.Contains(ended, w) {
			ended = append(ended, w)
		}
	}
	return ended
}
