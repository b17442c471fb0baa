package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/registry"
	"github.com/mlfleet/mlfleet/ci/sign"
)

// Pipeline is everything that the steps need. All fields but Progress and Pin are
// required.
type Pipeline struct {
	Client *registry.Client // of the registry that our images are pushed to
	Store  *sign.Store
	Signer sign.Signer
	// Keys and Requirements are what everybody verifies with. The signer's key must
	// be among Keys, or the image is refused in the step "verify".
	Keys         []sign.Key
	Requirements sign.Requirements // Now is filled in
	Gate         *Gate
	Builder      *Builder
	Clock        func() time.Time
	Progress     *Progress
	// Pin writes repository:tag@digest where it belongs, and tells whether that
	// changed anything; nil: the image is not pinned.
	Pin func(ctx context.Context, ref string) (changed bool, err error)
}

// Build makes an image. It may tell what it does.
type Build func(ctx context.Context, note func(string)) (*Built, error)

// Image builds an image and proves it, under a repository's name. The report
// holds as much as was done, also where there is an error: a *GateError where the
// policy refuses the image, a *sign.UnprovenError where it does not verify.
func (p *Pipeline) Image(ctx context.Context, repository name.Repository, build Build) (*Report, error) {
	r := &run{Pipeline: p, report: &Report{}}
	return r.report, r.steps(ctx, []step{
		{"build", func(ctx context.Context) error { return r.build(ctx, repository, build) }},
		{"scan", r.scan},
		{"sbom", r.list},
		{"push", r.push},
		{"sign", r.sign},
		{"attest", r.attest},
		{"verify", r.verify},
		{"tag", r.tag},
		{"pin", r.pin},
	})
}

// Prove takes an image that is in a registry the same way. A scan that the policy
// refuses is attested as well, so that what ran until now stops being proven; the
// signature comes after it, so that what was never proven is not signed.
func (p *Pipeline) Prove(ctx context.Context, subject *Subject) (*Report, error) {
	r := &run{Pipeline: p, subject: subject, report: &Report{}, refusals: true}
	r.report.identify(subject)
	return r.report, r.steps(ctx, []step{
		{"scan", r.scan},
		{"sbom", r.list},
		{"attest", r.attest},
		{"sign", r.sign},
		{"verify", r.verify},
		{"pin", r.pin},
	})
}

// Scan scans and judges, and says nothing to anybody else.
func (p *Pipeline) Scan(ctx context.Context, subject *Subject) (*Report, error) {
	r := &run{Pipeline: p, subject: subject, report: &Report{}}
	r.report.identify(subject)
	return r.report, r.steps(ctx, []step{{"scan", r.scan}})
}

// step is one step and its name for people.
type step struct {
	name string
	do   func(context.Context) error
}

// steps runs one step after the other, up to the first error.
func (r *run) steps(ctx context.Context, all []step) error {
	for _, s := range all {
		if s.name == "pin" && r.Pin == nil {
			continue
		}
		begin := r.Clock()
		r.Progress.begin(s.name)
		err := context.Cause(ctx)
		if err == nil {
			err = s.do(ctx)
		}
		took := r.Clock().Sub(begin)
		r.Progress.end(s.name, took, err)
		r.report.Steps = append(r.report.Steps, Step{s.name, took.Seconds()})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return r.refused()
}
