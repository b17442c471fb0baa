package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/mlfleet/mlfleet/ci/advisory"
	"github.com/mlfleet/mlfleet/ci/policy"
	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/scan"
)

// Gate is what an image has to pass.
type Gate struct {
	Policy *policy.Policy
	Digest string       // sha256 of the policy's file, hex
	DB     *advisory.DB // open
	Origin string       // where DB is from, as a URI or a path
}

// Judgement is what the scan found and what the policy makes of it.
type Judgement struct {
	Results           []*scan.Result // one a platform
	Verdict           policy.Verdict
	Started, Finished time.Time
}

// GateError is that the policy refuses an image. Nothing was signed.
type GateError struct {
	Image   string
	Verdict policy.Verdict
}

// Error counts; Verdict.Text has the rest.
func (e *GateError) Error() string {
	n := len(e.Verdict.Blocking) + len(e.Verdict.Expired)
	return fmt.Sprintf("the policy refuses %s for %s", e.Image, plural(n, "finding"))
}

// judge scans each platform's image and asks the policy about all of them.
func (g *Gate) judge(ctx context.Context, s *Subject, clock func() time.Time, note func(string)) (*Judgement, error) {
	j := &Judgement{Started: clock().UTC()}
	for _, p := range s.Images {
		r, err := scan.Image(ctx, p.Image, g.DB, scan.Options{Name: s.Name(), Now: j.Started})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		r.Platform = p.Name
		note(fmt.Sprintf("%s: %s, %s, %s", p.Name, orNone(r.OS), plural(r.Packages, "package"), plural(len(r.Findings), "finding")))
		j.Results = append(j.Results, r)
	}
	j.Finished = clock().UTC()
	j.Verdict = g.Policy.Judge(j.Results, j.Started)
	return j, nil
}

// record is the judgement as a predicate.
func (g *Gate) record(j *Judgement, by *Builder) *provenance.Scan {
	record := &provenance.Scan{
		Invocation: provenance.Invocation{Parameters: []string{}, URI: by.Run, EventID: by.RunID, BuilderID: by.ID},
		Scanner: provenance.Scanner{
			URI:     "pkg:golang/github.com/aquasecurity/trivy@v" + scan.TrivyVersion,
			Version: "v" + scan.TrivyVersion,
			DB:      provenance.Database{URI: g.Origin, Version: fmt.Sprint(g.DB.Metadata().Version)},
			Result: provenance.Result{
				Version: provenance.ResultVersion, Passed: j.Verdict.Passed,
				Policy:    provenance.Policy{Gate: g.Policy.Mildest(), Digest: g.Digest},
				DBUpdated: g.DB.Metadata().UpdatedAt.UTC(),
			},
		},
		Metadata: provenance.ScanMetadata{Started: j.Started, Finished: j.Finished},
	}
	result := &record.Scanner.Result
	for _, r := range j.Results {
		result.Platforms = append(result.Platforms, r.Platform)
	}
	result.Findings, result.Waivers = findings(&j.Verdict), waivers(&j.Verdict)
	return record
}

// findings are all that were found, each once where platforms share it.
func findings(v *policy.Verdict) []provenance.Finding {
	all := []provenance.Finding{}
	seen := map[provenance.Finding]bool{}
	take := func(list []policy.Judged, blocking, waived bool) {
		for _, j := range list {
			f := provenance.Finding{
				ID: j.Finding.ID, Severity: j.Finding.Severity, Package: j.Finding.Package, Version: j.Finding.Version,
				Fixed: j.Finding.Fixed, Target: j.Finding.Path, Blocking: blocking, Waived: waived,
			}
			if !seen[f] {
				seen[f] = true
				all = append(all, f)
			}
		}
	}
	take(v.Blocking, true, false)
	take(v.Expired, true, false)
	take(v.Waived, false, true)
	take(v.Reported, false, false)
	return all
}

// waivers are those that were used, and those whose day has passed.
func waivers(v *policy.Verdict) []provenance.Waiver {
	all := []provenance.Waiver{}
	seen := map[string]bool{}
	take := func(list []policy.Judged, expired bool) {
		for _, j := range list {
			if w := j.Waiver; w != nil && !seen[w.At] {
				seen[w.At] = true
				all = append(all, provenance.Waiver{
					ID: w.ID, Package: w.Package, Path: w.Path, Reason: w.Reason, Owner: w.Owner, Expired: expired,
					Expires: w.Expires.AddDate(0, 0, 1).Add(-time.Second), // it holds through its last day
				})
			}
		}
	}
	take(v.Waived, false)
	take(v.Expired, true)
	return all
}
