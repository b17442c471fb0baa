package inventory

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/errgroup"

	"github.com/mlfleet/mlfleet/ci/sign"
)

// Verifier looks at what is said about an image: sign.Verify with everything but
// the image filled in.
type Verifier func(ctx context.Context, image name.Digest) (*sign.Evidence, error)

// atOnce is how many images are looked at at a time: a registry's patience.
const atOnce = 4

// Verify fills in the evidence of every image that has a digest, and adds what
// does not verify to the findings. A registry that cannot be asked makes a
// finding too: what nobody can prove is not proven. The error is that ctx ended.
func (inv *Inventory) Verify(ctx context.Context, verify Verifier) error {
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, i := range inv.Images {
		if !i.Pinned() {
			continue
		}
		group.Go(func() error {
			i.verify(within, verify)
			return within.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("verifying the images: %w", err)
	}
	for _, i := range inv.Images {
		where := strings.Join(i.Environments, ", ")
		switch i.Evidence.Signature {
		case Refused:
			for _, r := range i.Evidence.Reasons {
				inv.find(i.Ref(), where, r.Detail, i.proving())
			}
		case Unreachable:
			inv.find(i.Ref(), where, "it could not be verified: "+i.Evidence.Error, "see that the registry answers, and run this again")
		}
	}
	inv.sorted()
	return nil
}

// proving is what to do about an image that is refused.
func (i *Image) proving() string {
	return "scan, sign and attest it (mlfleet-ci), or pin an image that is"
}

// verify fills in one image's evidence.
func (i *Image) verify(ctx context.Context, verify Verifier) {
	digest, err := name.NewDigest(i.Ref())
	if err != nil {
		i.Evidence = Evidence{Signature: Unreachable, Error: err.Error()}
		return
	}
	evidence, err := verify(ctx, digest)
	if evidence == nil && err == nil {
		err = errors.New("the verifier gave neither evidence nor a reason")
	}
	i.Evidence = summary(evidence)
	if unproven, ok := errors.AsType[*sign.UnprovenError](err); ok {
		i.Evidence.Signature, i.Evidence.Reasons = Refused, unproven.Reasons
	} else if err != nil {
		i.Evidence.Signature, i.Evidence.Error = Unreachable, err.Error()
	}
}

// summary is what people and programs want to know of evidence.
func summary(e *sign.Evidence) Evidence {
	s := Evidence{Signature: Verified}
	if e == nil {
		return s
	}
	s.KeyIDs = e.KeyIDs
	for _, b := range e.SBOMs { // one a platform
		if format := formats[b.Format]; !slices.Contains(s.SBOMs, format) {
			s.SBOMs = append(s.SBOMs, format)
		}
	}
	if e.Scan != nil {
		result := &e.Scan.Scanner.Result
		s.Scanned, s.Passed = e.Scan.Metadata.Finished, result.Passed
		s.Findings, s.Waivers = result.Count(), result.Waivers
	}
	if e.Provenance != nil {
		p := e.Provenance.Definition.Parameters
		s.Source, s.Commit, s.Builder = p.Source, p.Revision, e.Provenance.Run.Builder.ID
	}
	return s
}

// formats are the SBOMs' names for people.
var formats = map[string]string{sign.CycloneDXPredicate: "CycloneDX", sign.SPDXPredicate: "SPDX"}
