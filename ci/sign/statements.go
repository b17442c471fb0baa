package sign

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mlfleet/mlfleet/ci/jsondoc"
	"github.com/mlfleet/mlfleet/ci/provenance"
)

// statements takes what the keys say into the evidence and holds it against the
// requirements.
func (v *verification) statements(ctx context.Context, shelf *shelf) error {
	f, err := shelf.attachments(ctx, statements)
	if err != nil {
		return err
	}
	ignored := f.ignored
	for _, a := range f.union() {
		if r := v.statement(a); r != nil && !slices.Contains(ignored, *r) {
			ignored = append(ignored, *r)
		}
	}
	v.more = f.more
	slices.Sort(v.Other)
	v.Other = slices.Compact(v.Other)
	v.Ignored = append(v.Ignored, ignored...)
	before := len(v.reasons)
	v.requireSBOM()
	v.requireScan()
	v.requireProvenance()
	// Something is missing, and something could not be taken: perhaps it was that.
	if len(v.reasons) > before {
		v.reasons = append(v.reasons, ignored...)
	}
	return nil
}

// statement takes one statement into the evidence, or says why not.
func (v *verification) statement(a attachment) *Reason {
	content, key, err := unseal(a.content, v.keys)
	if errors.Is(err, errOtherKey) {
		return &Reason{OtherKey, fmt.Sprintf("%s has an attestation that does not verify with %s: another key's, or it was changed", a.from, v.keyNames())}
	}
	if err != nil {
		return &Reason{Malformed, fmt.Sprintf("the envelope of an attestation at %s: %v", a.from, err)}
	}
	s, err := parseStatement(content)
	if err != nil {
		return &Reason{Malformed, fmt.Sprintf("the statement of an attestation at %s: %v", a.from, err)}
	}
	if !s.about(v.Image.DigestStr()) {
		return &Reason{OtherDigest, fmt.Sprintf("%s has an attestation about another image", a.from)}
	}
	if err := v.take(s, key.ID); err == errPartial {
		return &Reason{Partial, fmt.Sprintf("the attestation %s at %s is about some of its platform images, and not about %s", shorten(s.PredicateType), a.from, strings.Join(s.leavesOut(v.platforms), ", "))}
	} else if err != nil {
		return &Reason{Malformed, fmt.Sprintf("the attestation %s at %s: %v", shorten(s.PredicateType), a.from, err)}
	}
	return nil
}

// errPartial is that a statement proves nothing about an index, because it is
// about some of its images only.
var errPartial = errors.New("it is about some of the platform images only")

// unreadScan is a scan that a key signed and that makes no sense here.
type unreadScan struct {
	finished time.Time // zero: it does not say
	problem  error
}

// newUnreadScan looks for the one thing that must be known of it.
func newUnreadScan(predicate []byte, problem error) unreadScan {
	u := unreadScan{problem: problem}
	said, err := jsondoc.Decode[struct {
		Metadata struct {
			Finished time.Time `json:"scanFinishedOn"`
		} `json:"metadata"`
	}](predicate)
	if err == nil {
		u.finished = said.Metadata.Finished
	}
	return u
}

// take reads a predicate. Of scans and of builds the newest counts; of two of one
// moment the worse one: in which order they are listed is up to the registry.
func (v *verification) take(s *statement, keyID string) error {
	partial := len(s.leavesOut(v.platforms)) > 0
	switch s.PredicateType {
	case CycloneDXPredicate, SPDXPredicate:
		return v.takeSBOM(s, keyID)
	case provenance.ScanPredicate:
		scan, err := provenance.DecodeScan(s.Predicate)
		if err != nil {
			v.unread = append(v.unread, newUnreadScan(s.Predicate, err))
			return err
		}
		// One image that failed is enough; one that passed is not.
		if partial && scan.Scanner.Result.Passed {
			return errPartial
		}
		if v.Scan == nil || newer(scan, &v.Scan.Scan) {
			v.Scan = &Scan{*scan, keyID}
		}
	case provenance.BuildPredicate:
		build, err := provenance.DecodeBuild(s.Predicate)
		if err != nil {
			return err
		}
		if partial {
			return errPartial
		}
		if v.Provenance == nil || v.supersedes(build, &v.Provenance.Build) {
			v.Provenance = &Provenance{*build, keyID}
		}
	default:
		v.Other = append(v.Other, s.PredicateType)
	}
	return nil
}

func newer(a, b *provenance.Scan) bool {
	return cmp.Or(a.Metadata.Finished.Compare(b.Metadata.Finished), passes(b)-passes(a)) > 0
}

func passes(s *provenance.Scan) int {
	if s.Scanner.Result.Passed {
		return 1
	}
	return 0
}

// supersedes tells whether build a counts where b is known too.
func (v *verification) supersedes(a, b *provenance.Build) bool {
	worse := len(v.requirements.against(a)) - len(v.requirements.against(b))
	return cmp.Or(finished(a).Compare(finished(b)), worse) > 0
}

func finished(b *provenance.Build) time.Time {
	if b.Run.Metadata.Finished == nil {
		return time.Time{}
	}
	return *b.Run.Metadata.Finished
}

// takeSBOM reads just enough of an SBOM to know that it is one.
func (v *verification) takeSBOM(s *statement, keyID string) error {
	var head struct {
		CycloneDX  string            `json:"bomFormat"`
		Components []json.RawMessage `json:"components"`
		SPDX       string            `json:"spdxVersion"`
		Packages   []json.RawMessage `json:"packages"`
	}
	if err := json.Unmarshal(s.Predicate, &head); err != nil {
		return err
	}
	sbom := SBOM{Format: s.PredicateType, KeyID: keyID, Size: len(s.Predicate), Components: max(len(head.Components), len(head.Packages))}
	switch {
	case s.PredicateType == CycloneDXPredicate && head.CycloneDX != "CycloneDX":
		return errors.New("it is no CycloneDX document: bomFormat is missing")
	case s.PredicateType == SPDXPredicate && !strings.HasPrefix(head.SPDX, "SPDX-"):
		return errors.New("it is no SPDX document: spdxVersion is missing")
	case sbom.Components == 0:
		return errors.New("it lists nothing")
	}
	v.SBOMs = append(v.SBOMs, sbom)
	rest := s.leavesOut(v.platforms)
	for _, digest := range v.platforms {
		if !slices.Contains(rest, digest) {
			v.listed = append(v.listed, digest)
		}
	}
	return nil
}
