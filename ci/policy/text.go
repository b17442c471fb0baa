package policy

import (
	"fmt"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/scan"
)

// told says what was found and where: "CVE-2022-32149 (HIGH) in golang.org/x/text v0.3.7, usr/bin/server".
func told(f scan.Finding) string {
	var s strings.Builder
	switch {
	case f.Kind == scan.Secret:
		fmt.Fprintf(&s, "secret %s (%s) in %s", f.ID, f.Severity, f.Path)
		if f.Line > 0 {
			fmt.Fprintf(&s, ":%d", f.Line)
		}
		if f.Hidden {
			fmt.Fprintf(&s, ", deleted by a later layer but still in %s", f.Layer)
		}
		return s.String()
	case f.ID == EndOfLife:
		return f.ID + ": " + f.Title
	case f.ID == Unread:
		return fmt.Sprintf("%s: %s %s", f.ID, f.Package, f.Title)
	}
	fmt.Fprintf(&s, "%s (%s) in %s %s", f.ID, f.Severity, f.Package, f.Version)
	if f.Path != "" {
		fmt.Fprintf(&s, ", %s", f.Path)
	}
	if f.Title != "" {
		fmt.Fprintf(&s, " (%s)", f.Title)
	}
	return s.String()
}

// mend says what to do about it.
func mend(f scan.Finding) string {
	switch {
	case f.Kind == scan.Secret && f.Hidden:
		return "revoke it and build the image without the layer that holds it; deleting it later does not take it out"
	case f.Kind == scan.Secret:
		return "revoke it and take it out of the image"
	case f.ID == EndOfLife:
		return "build on a supported release"
	case f.ID == Unread:
		return "scan the image with the whole Trivy, and waive this with its result as the reason"
	case f.Fixed == "":
		return fmt.Sprintf("there is no fixed version (%s): take the package out, or waive it with a reason and a date", f.Status)
	}
	return "update to " + f.Fixed
}

func (w Waiver) holds() string {
	return fmt.Sprintf("waived by %s until %s (%s): %s", w.Owner, w.Expires.Format(time.DateOnly), w.At, w.Reason)
}

func (w Waiver) ended(now time.Time) string {
	days := int(now.Sub(w.Expires.AddDate(0, 0, 1)).Hours()/24) + 1
	plural := "s"
	if days == 1 {
		plural = ""
	}
	return fmt.Sprintf("the waiver of %s ended on %s, %d day%s ago (%s)", w.Owner, w.Expires.Format(time.DateOnly), days, plural, w.At)
}

// Text tells the verdict for people: what blocks first, then what is waived, what no waiver is used for, and a last line with the sum.
func (v Verdict) Text() string {
	var s strings.Builder
	several := v.severalImages()
	section := func(title string, all []Judged) {
		for _, j := range all {
			where := ""
			if several {
				where = fmt.Sprintf("[%s %s] ", j.Image, j.Platform)
			}
			fmt.Fprintf(&s, "%-8s %s%s\n", title, where, j.Text)
		}
	}
	section("BLOCKED", v.Blocking)
	section("EXPIRED", v.Expired)
	section("waived", v.Waived)
	for _, w := range v.Unused {
		fmt.Fprintf(&s, "%-8s waiver of %s%s matches nothing (%s): take it out\n", "unused", w.ID, of(w), w.At)
	}
	word := "passed"
	if !v.Passed {
		word = "FAILED"
	}
	fmt.Fprintf(&s, "gate %s: %d blocked, %d with an expired waiver, %d waived, %d below the gate, %d unused waivers\n",
		word, len(v.Blocking), len(v.Expired), len(v.Waived), len(v.Reported), len(v.Unused))
	return s.String()
}

func of(w Waiver) string {
	s := ""
	if w.Package != "" {
		s += " in " + w.Package
	}
	if w.Path != "" {
		s += " in " + w.Path
	}
	return s
}

func (v Verdict) severalImages() bool {
	images := map[string]bool{}
	for _, list := range [][]Judged{v.Blocking, v.Expired, v.Waived, v.Reported} {
		for _, j := range list {
			images[j.Image+" "+j.Platform] = true
		}
	}
	return len(images) > 1
}
