package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// run is one image on its way.
type run struct {
	*Pipeline
	subject   *Subject
	judgement *Judgement
	said      statements
	report    *Report
	// refusals are attested too: the gate stops the run at "attest" and not at "scan".
	refusals         bool
	started, builtAt time.Time
}

func (r *run) build(ctx context.Context, repository name.Repository, build Build) error {
	r.started = r.Clock().UTC()
	built, err := build(ctx, r.Progress.Note)
	if err != nil {
		return err
	}
	digest, err := built.Index.Digest()
	if err != nil {
		return fmt.Errorf("compute the index's digest: %w", err)
	}
	r.builtAt = r.Clock().UTC()
	r.subject = &Subject{Digest: repository.Digest(digest.String()), Tag: built.Tag, Images: built.Images, Built: built}
	r.report.identify(r.subject)
	return nil
}

// scan judges the image before it is anywhere but here.
func (r *run) scan(ctx context.Context) (err error) {
	if r.judgement, err = r.Gate.judge(ctx, r.subject, r.Clock, r.Progress.Note); err != nil {
		return err
	}
	r.report.judged(r.Gate, r.judgement)
	if r.refusals {
		return nil
	}
	return r.refused()
}

// refused is the policy's no, as an error.
func (r *run) refused() error {
	if r.judgement.Verdict.Passed {
		return nil
	}
	return &GateError{r.subject.Pin(), r.judgement.Verdict}
}

func (r *run) list(context.Context) (err error) {
	r.said.sboms, err = documents(r.judgement.Results)
	return err
}

// push uploads the image without a tag: nobody sees it yet.
func (r *run) push(ctx context.Context) error {
	_, err := r.Client.Push(ctx, r.subject.Digest.Context(), r.subject.Built.Index)
	return err
}

func (r *run) sign(ctx context.Context) error {
	changes, err := sign.Sign(ctx, r.Store, r.subject.Digest, r.Signer)
	if err != nil {
		return err
	}
	r.report.Signatures = Changes(changes)
	r.report.Key = r.Signer.KeyID()
	return nil
}

func (r *run) attest(ctx context.Context) error {
	key, err := sign.NewKey(r.Signer.Public())
	if err != nil {
		return err
	}
	r.said.scan = r.Gate.record(r.judgement, r.Builder)
	if b := r.subject.Built; b != nil {
		r.said.build = origin(b, r.Builder, r.started, r.builtAt)
	}
	already, err := r.said.said(ctx, r.Store, r.subject, key, r.Clock())
	if err != nil {
		return err
	}
	predicates := r.said.predicates(len(r.subject.Images) > 1 || r.subject.Built != nil)
	if already {
		r.report.Attestations = Changes{Kept: len(predicates)}
		r.Progress.Note("all of it was said before, less than a day ago")
		return r.refused()
	}
	changes, err := sign.Attest(ctx, r.Store, r.subject.Digest, r.Signer, predicates...)
	if err != nil {
		return err
	}
	r.report.Attestations = Changes(changes)
	return r.refused()
}

// verify looks at the image as everybody else will.
func (r *run) verify(ctx context.Context) error {
	requirements := r.Requirements
	requirements.Now = r.Clock()
	_, err := sign.Verify(ctx, r.Store, r.subject.Digest, r.Keys, requirements)
	return err
}

func (r *run) tag(ctx context.Context) error {
	_, err := r.Client.Push(ctx, r.subject.Digest.Context(), r.subject.Built.Index, r.subject.Tag)
	return err
}

func (r *run) pin(ctx context.Context) error {
	changed, err := r.Pin(ctx, r.subject.Pin())
	if err != nil {
		return err
	}
	r.report.Pinned = &Pinned{Ref: r.subject.Pin(), Changed: changed}
	return nil
}
