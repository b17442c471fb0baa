package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mlfleet/mlfleet/ci/provenance"
	"github.com/mlfleet/mlfleet/ci/sbom"
	"github.com/mlfleet/mlfleet/ci/scan"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// Renew is how old attestations may be and still be kept when a new scan finds
// nothing else. It is a day, so that a daily scan keeps them young.
const Renew = 24 * time.Hour

// Builder says who runs the pipeline.
type Builder struct {
	ID    string // URI of what builds, as a workflow's at a branch
	Run   string // link to the run; "" on a laptop
	RunID string // the run's number
}

// statements are what is to be said about an image.
type statements struct {
	scan  *provenance.Scan
	build *provenance.Build // nil: somebody else built it
	sboms []document
}

// document is an SBOM of one platform's image.
type document struct {
	kind   string // a predicate type
	digest string // of the platform's image
	body   json.RawMessage
}

// documents writes both SBOMs of each platform.
func documents(results []*scan.Result) ([]document, error) {
	var all []document
	for _, r := range results {
		for kind, write := range map[string]func(*bytes.Buffer, *scan.Result) error{
			sign.CycloneDXPredicate: func(b *bytes.Buffer, r *scan.Result) error { return sbom.CycloneDX(b, r) },
			sign.SPDXPredicate:      func(b *bytes.Buffer, r *scan.Result) error { return sbom.SPDX(b, r) },
		} {
			var b bytes.Buffer
			if err := write(&b, r); err != nil {
				return nil, fmt.Errorf("%s: %w", r.Platform, err)
			}
			all = append(all, document{kind, r.Digest.String(), b.Bytes()})
		}
	}
	slices.SortStableFunc(all, func(a, b document) int { return bytes.Compare([]byte(a.kind), []byte(b.kind)) })
	return all, nil
}

// origin is where a built image comes from, as a predicate.
func origin(b *Built, by *Builder, started, finished time.Time) *provenance.Build {
	p := &provenance.Build{
		Definition: provenance.Definition{
			BuildType: provenance.BuildType,
			Parameters: provenance.Parameters{
				Source: b.Source, Revision: b.Revision, Modified: b.Modified, Version: b.Tag, Base: b.Base,
			},
		},
		Run: provenance.Run{
			Builder:  provenance.Builder{ID: by.ID},
			Metadata: provenance.RunMetadata{InvocationID: by.Run, Started: &started, Finished: &finished},
		},
	}
	for _, image := range b.Images {
		p.Definition.Parameters.Platforms = append(p.Definition.Parameters.Platforms, image.Name)
	}
	for _, m := range b.Materials {
		p.Definition.Dependencies = append(p.Definition.Dependencies, provenance.Resource{URI: m.URI, Digest: m.Digest})
	}
	return p
}

// predicates are the statements in the form that they are signed in.
func (s *statements) predicates(index bool) []sign.Predicate {
	all := []sign.Predicate{{Type: provenance.ScanPredicate, Body: s.scan}}
	if s.build != nil {
		all = append(all, sign.Predicate{Type: provenance.BuildPredicate, Body: s.build})
	}
	for _, d := range s.sboms {
		p := sign.Predicate{Type: d.kind, Body: d.body}
		if index {
			p.Platforms = []string{d.digest}
		}
		all = append(all, p)
	}
	return all
}

// said tells whether the key has said all this already, not long ago.
func (s *statements) said(ctx context.Context, store *sign.Store, subject *Subject, key sign.Key, now time.Time) (bool, error) {
	evidence, err := sign.Verify(ctx, store, subject.Digest, []sign.Key{key}, sign.Requirements{
		SBOM: true, MaxScanAge: Renew, Now: now, Provenance: s.build != nil, AllowModified: true,
	})
	if _, unproven := errors.AsType[*sign.UnprovenError](err); unproven {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same := len(evidence.SBOMs) == len(s.sboms) && equal(evidence.Scan.Scanner, s.scan.Scanner) &&
		equal(evidence.Scan.Invocation.BuilderID, s.scan.Invocation.BuilderID)
	if s.build != nil {
		same = same && equal(evidence.Provenance.Definition, s.build.Definition) && equal(evidence.Provenance.Run.Builder, s.build.Run.Builder)
	}
	return same, nil
}

// equal compares values as they are sent.
func equal(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}
