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

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// maxReasons bounds the reasons of one refusal: a registry may hold any number of
// things that do not verify.
const maxReasons = 8

// Verify looks at what the keys say about an image. It gives the evidence as far
// as it goes even where the image is refused: then the error is an
// *UnprovenError. Any other error is that a registry could not be asked, or that
// the question makes no sense.
func Verify(ctx context.Context, store *Store, image name.Digest, keys []Key, requirements Requirements) (*Evidence, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("verifying %s: no public key is given", image)
	}
	if requirements.MaxScanAge != 0 && requirements.Now.IsZero() {
		return nil, fmt.Errorf("verifying %s: a scan's greatest age needs the time that it counts to", image)
	}
	shelf, err := store.open(ctx, image)
	if err != nil {
		return nil, err
	}
	v := &verification{Evidence: Evidence{Image: image}, keys: keys, requirements: requirements}
	if _, _, err := shelf.describe(ctx); isMissing(err) {
		v.refuse(NoImage, "the registry has no image of this digest")
		return v.verdict()
	} else if err != nil {
		return nil, err
	}
	if err := v.signatures(ctx, shelf); err != nil {
		return nil, err
	}
	if err := v.statements(ctx, shelf); err != nil {
		return nil, err
	}
	return v.verdict()
}

// verification is one Verify under way.
type verification struct {
	Evidence
	keys         []Key
	requirements Requirements
	reasons      []Reason
}

func (v *verification) refuse(cause Cause, format string, args ...any) {
	v.reasons = append(v.reasons, Reason{cause, fmt.Sprintf(format, args...)})
}

func (v *verification) verdict() (*Evidence, error) {
	if len(v.reasons) == 0 {
		return &v.Evidence, nil
	}
	return &v.Evidence, &UnprovenError{Image: v.Image, Reasons: v.reasons[:min(len(v.reasons), maxReasons)]}
}

// signatures looks for one that a key made for this digest and repository.
func (v *verification) signatures(ctx context.Context, shelf *shelf) error {
	f, err := shelf.attachments(ctx, signatures)
	if err != nil {
		return err
	}
	ignored := f.ignored
	for _, a := range f.union() {
		if r := v.signature(a); r != nil && !slices.Contains(ignored, *r) {
			ignored = append(ignored, *r)
		}
	}
	slices.Sort(v.KeyIDs)
	v.KeyIDs = slices.Compact(v.KeyIDs)
	v.Ignored = append(v.Ignored, ignored...)
	switch {
	case len(v.KeyIDs) > 0:
	case len(ignored) > 0:
		v.reasons = append(v.reasons, ignored...)
	default:
		v.refuse(NoSignature, "nobody has signed it")
	}
	return nil
}

// signature takes one signature into the evidence, or says why not.
func (v *verification) signature(a attachment) *Reason {
	i := slices.IndexFunc(v.keys, func(k Key) bool { return k.verifies(a.content, a.signature()) })
	if i < 0 {
		return &Reason{OtherKey, fmt.Sprintf("%s has a signature that does not verify with %s: another key's, or its payload was changed", a.from, v.keyNames())}
	}
	p, err := parsePayload(a.content)
	if err != nil {
		return &Reason{Malformed, fmt.Sprintf("the payload of a signature at %s: %v", a.from, err)}
	}
	if cause, detail := p.claims(v.Image); cause != "" {
		return &Reason{cause, a.from + ": " + detail}
	}
	v.KeyIDs = append(v.KeyIDs, v.keys[i].ID)
	return nil
}

func (v *verification) keyNames() string {
	names := make([]string, len(v.keys))
	for i, k := range v.keys {
		names[i] = k.ID[:12]
	}
	return "the key " + strings.Join(names, " or ")
}

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
	if !s.about(v.Image) {
		return &Reason{OtherDigest, fmt.Sprintf("%s has an attestation about another image", a.from)}
	}
	if err := v.take(s, key.ID); err != nil {
		return &Reason{Malformed, fmt.Sprintf("the attestation %s at %s: %v", shorten(s.PredicateType), a.from, err)}
	}
	return nil
}

// take reads a predicate. Of scans and of builds the newest counts; of two scans
// of one moment the failed one.
func (v *verification) take(s *statement, keyID string) error {
	switch s.PredicateType {
	case CycloneDXPredicate, SPDXPredicate:
		return v.takeSBOM(s, keyID)
	case provenance.ScanPredicate:
		scan, err := provenance.DecodeScan(s.Predicate)
		if err != nil {
			return err
		}
		if v.Scan == nil || newer(scan, &v.Scan.Scan) {
			v.Scan = &Scan{*scan, keyID}
		}
	case provenance.BuildPredicate:
		build, err := provenance.DecodeBuild(s.Predicate)
		if err != nil {
			return err
		}
		if v.Provenance == nil || finished(build).After(finished(&v.Provenance.Build)) {
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
	return nil
}
