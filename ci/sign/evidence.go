package sign

import (
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/mlfleet/mlfleet/ci/provenance"
)

// Evidence is what the keys say about an image. Nothing in it is unverified.
type Evidence struct {
	Image      name.Digest
	KeyIDs     []string // who signed the image, sorted
	SBOMs      []SBOM
	Scan       *Scan       // the newest; nil: none
	Provenance *Provenance // the newest; nil: none
	Other      []string    // predicate types of further statements, sorted
	// Ignored is what was found and not taken, and why.
	Ignored []Reason
}

// SBOM is a list of what is in an image.
type SBOM struct {
	Format string // a predicate type: CycloneDXPredicate, SPDXPredicate
	KeyID  string
	Size   int // of the document, bytes
	// Components is how many things it lists.
	Components int
}

// Scan is a scan and who says so.
type Scan struct {
	provenance.Scan
	KeyID string
}

// Provenance is a build and who says so.
type Provenance struct {
	provenance.Build
	KeyID string
}

// Predicate types of SBOMs, as in-toto names them.
const (
	CycloneDXPredicate = "https://cyclonedx.org/bom"
	SPDXPredicate      = "https://spdx.dev/Document"
)

// Cause says why an image is unproven, in one word for programs.
type Cause string

// Causes.
const (
	NoImage         Cause = "no-image"         // the registry has no image of this digest
	NoSignature     Cause = "no-signature"     // nobody signed it
	OtherKey        Cause = "other-key"        // signed, by none of the keys
	OtherDigest     Cause = "other-digest"     // a signature of another image
	OtherRepository Cause = "other-repository" // signed under another name
	Malformed       Cause = "malformed"        // what is there cannot be read
	Oversize        Cause = "oversize"         // what is there is larger than it can be
	NoSBOM          Cause = "no-sbom"
	NoScan          Cause = "no-scan"
	ScanFailed      Cause = "scan-failed"
	ScanExpired     Cause = "scan-expired" // too old
	ScanFromFuture  Cause = "scan-from-future"
	WaiverExpired   Cause = "waiver-expired" // the scan passed by a waiver that has ended since
	MildGate        Cause = "mild-gate"      // the scan passed a policy that lets more through
	OtherDatabase   Cause = "other-database" // scanned with a database from elsewhere
	Partial         Cause = "partial"        // said of some of an index's platform images only
	NoProvenance    Cause = "no-provenance"
	OtherBuilder    Cause = "other-builder"
	OtherSource     Cause = "other-source"
	ModifiedSource  Cause = "modified-source"
)

// Reason is one thing that is missing or wrong.
type Reason struct {
	Cause  Cause  `json:"cause"`
	Detail string `json:"detail"`
}

// UnprovenError is that an image was looked at and does not meet the
// requirements. Other errors are that it could not be looked at.
type UnprovenError struct {
	Image   name.Digest
	Reasons []Reason // at least one
}

// Error says which image, and all reasons.
func (e *UnprovenError) Error() string {
	var b strings.Builder
	b.WriteString(e.Image.String() + " is unproven")
	for i, r := range e.Reasons {
		b.WriteString([]string{": ", "; "}[min(i, 1)] + r.Detail)
	}
	return b.String()
}

// Has tells whether cause is among the reasons.
func (e *UnprovenError) Has(cause Cause) bool {
	return slices.ContainsFunc(e.Reasons, func(r Reason) bool { return r.Cause == cause })
}
