package sign

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// Requirements are what must be known about an image. The zero Requirements want
// a signature and nothing else.
type Requirements struct {
	SBOM bool // at least one SBOM
	// Scan wants a scan whose policy's verdict was "passed". The newest one counts.
	Scan bool
	// MaxScanAge is how old that scan may be at Now; 0 is any age.
	MaxScanAge time.Duration
	// Gate, where set, is the mildest severity that the scan's policy must have
	// blocked (one of provenance.Severities): a scan that passed a milder policy,
	// on a branch or for another repository, proves nothing here.
	Gate string
	// Databases, where not empty, are where the scan's database may be from: a scan
	// with one that knows little finds little.
	Databases []string
	// Now is the time that ages count to. It must be set where MaxScanAge is; a
	// waiver's expiry and a scan from the future are looked at where it is.
	Now time.Time
	// Provenance wants to know what the image was built from. The newest one counts.
	Provenance bool
	Builders   []string // where not empty, the builder's id must be one of these
	Sources    []string // where not empty, the source repository must be one of these
	// AllowModified accepts an image built from a working tree that differed from
	// its commit: for laptops.
	AllowModified bool
}

// clockSkew is how far the clocks of two build machines may differ.
const clockSkew = 5 * time.Minute

// sensible says what is wrong with the question.
func (r *Requirements) sensible() error {
	if r.MaxScanAge != 0 && r.Now.IsZero() {
		return errors.New("a scan's greatest age needs the time that it counts to")
	}
	if all := provenance.Severities(); r.Gate != "" && !slices.Contains(all, r.Gate) {
		return fmt.Errorf("the gate %q is none of %s", r.Gate, strings.Join(all, ", "))
	}
	return nil
}

func (v *verification) requireSBOM() {
	if !v.requirements.SBOM {
		return
	}
	if len(v.SBOMs) == 0 {
		v.refuse(NoSBOM, "it has no SBOM by %s", v.keyNames())
		return
	}
	for _, digest := range v.platforms {
		if !slices.Contains(v.listed, digest) {
			v.refuse(NoSBOM, "its platform image %s has no SBOM by %s", digest, v.keyNames())
		}
	}
}

func (v *verification) requireScan() {
	r := v.requirements
	if !r.Scan && r.MaxScanAge == 0 && r.Gate == "" && len(r.Databases) == 0 {
		return
	}
	// Somebody who may push, and delete nothing, could hide a scan that failed behind
	// rubbish, and put an older one that passed where it is seen.
	if v.more {
		v.refuse(Oversize, "more is attached to it than is looked at, and a failed scan may be in the rest")
	}
	if v.Scan == nil {
		v.refuse(NoScan, "it has no scan by %s: scan it", v.keyNames())
		return
	}
	result, at := &v.Scan.Scanner.Result, v.Scan.Metadata.Finished.UTC()
	for _, u := range v.unread {
		if u.finished.IsZero() || !u.finished.Before(at) {
			v.refuse(Malformed, "it has a newer scan by %s than that of %s, and that cannot be read: %v", v.keyNames(), at.Format(time.RFC3339), u.problem)
		}
	}
	if !result.Passed {
		v.refuse(ScanFailed, "its scan of %s failed%s", at.Format(time.RFC3339), blocking(result))
	}
	if all := provenance.Severities(); r.Gate != "" && slices.Index(all, result.Policy.Gate) < slices.Index(all, r.Gate) {
		v.refuse(MildGate, "its scan's policy let everything below %s pass, and %s must block", result.Policy.Gate, r.Gate)
	}
	if from := v.Scan.Scanner.DB.URI; len(r.Databases) > 0 && !slices.Contains(r.Databases, from) {
		v.refuse(OtherDatabase, "it was scanned with the database from %s, and not with that from %s", from, strings.Join(r.Databases, " or "))
	}
	if r.Now.IsZero() {
		return
	}
	switch age := r.Now.Sub(at); {
	case age < -clockSkew:
		v.refuse(ScanFromFuture, "its scan is of %s, which is to come: is a clock wrong?", at.Format(time.RFC3339))
	case r.MaxScanAge > 0 && age > r.MaxScanAge:
		v.refuse(ScanExpired, "its scan of %s is %s old, and may be %s: scan it again", at.Format(time.RFC3339), age.Round(time.Minute), r.MaxScanAge)
	}
	for _, w := range result.Ended(r.Now) {
		v.refuse(WaiverExpired, "its scan passed by a waiver of %s, which ended on %s: mend it, or have %s renew it, and scan it again", w.Covers(), w.Expires.UTC().Format(time.DateOnly), w.Owner)
	}
}

// blocking names what failed a scan.
func blocking(r *provenance.Result) string {
	const most = 5
	var ids []string
	for _, f := range r.Blocking() {
		if !slices.Contains(ids, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	if more := len(ids) - most; more > 0 {
		ids = append(ids[:most], fmt.Sprintf("and %d others", more))
	}
	return " on " + strings.Join(ids, ", ")
}

func (v *verification) requireProvenance() {
	r := v.requirements
	if !r.Provenance && len(r.Builders) == 0 && len(r.Sources) == 0 {
		return
	}
	if v.Provenance == nil {
		v.refuse(NoProvenance, "it has no provenance by %s: nobody says what it was built from", v.keyNames())
		return
	}
	v.reasons = append(v.reasons, r.against(&v.Provenance.Build)...)
}

// against says what is wrong with where an image comes from.
func (r *Requirements) against(b *provenance.Build) []Reason {
	var all []Reason
	refuse := func(cause Cause, format string, args ...any) {
		all = append(all, Reason{cause, fmt.Sprintf(format, args...)})
	}
	builder, p := b.Run.Builder.ID, b.Definition.Parameters
	if len(r.Builders) > 0 && !slices.Contains(r.Builders, builder) {
		refuse(OtherBuilder, "%s built it, and not %s", builder, strings.Join(r.Builders, " or "))
	}
	if len(r.Sources) > 0 && !slices.Contains(r.Sources, p.Source) {
		refuse(OtherSource, "it was built from %s, and not from %s", p.Source, strings.Join(r.Sources, " or "))
	}
	if p.Modified && !r.AllowModified {
		refuse(ModifiedSource, "it was built from a working tree that differed from its commit %s: commit, and build it again", p.Revision)
	}
	return all
}
