package scan

import (
	"time"

	"github.com/aquasecurity/trivy/pkg/types"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/mlfleet/mlfleet/ci/advisory"
)

// TrivyVersion is the version of Trivy whose detectors are linked in: what reports and SBOMs name as their tool.
// A test holds it to go.mod.
const TrivyVersion = "0.74.0"

// Kind says what sort of thing was found.
type Kind string

const (
	Vulnerability Kind = "vulnerability"
	Secret        Kind = "secret"
)

// Finding is one thing found, flat, in the form that a gate and a table want. Result.Report has everything else.
type Finding struct {
	Kind     Kind   `json:"kind"`
	ID       string `json:"id"`       // CVE-…; of a secret Trivy's rule, "github-pat"
	Severity string `json:"severity"` // UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL: as Trivy decides
	Package  string `json:"package,omitempty"`
	Version  string `json:"version,omitempty"` // installed
	Fixed    string `json:"fixed,omitempty"`   // the fixed version or versions, ", " between them; empty: none
	Status   string `json:"status,omitempty"`  // fixed, affected, will_not_fix, …: as Trivy spells it
	Title    string `json:"title,omitempty"`
	URL      string `json:"url,omitempty"`
	// Path is the Go binary or the file with the secret, without leading slash; empty for an OS package, "config" for
	// the image's configuration.
	Path  string `json:"path,omitempty"`
	Line  int    `json:"line,omitempty"`  // of a secret
	Layer string `json:"layer,omitempty"` // the digest of the layer that brought it
	// Hidden says that a later layer deletes the file with the secret: it is still in the image that is pulled.
	Hidden bool `json:"hidden,omitempty"`
}

// Result is what one scan of one image (one platform) found.
type Result struct {
	Name      string            `json:"name"`   // as the caller named it
	Digest    v1.Hash           `json:"digest"` // of the image's manifest
	Platform  string            `json:"platform"`
	Scanned   time.Time         `json:"scanned"` // Options.Now
	Database  advisory.Metadata `json:"database"`
	OS        string            `json:"os,omitempty"` // "debian 12.11"; empty: none was recognised, and there are no OS packages
	EndOfLife bool              `json:"endOfLife,omitempty"`
	Packages  int               `json:"packages"` // OS packages and Go modules together
	Findings  []Finding         `json:"findings"` // worst first, then by ID, package, path
	// Unread counts packages of languages that this scan does not judge, by kind: "python": 12.
	Unread map[string]int `json:"unread,omitempty"`
	// Report is Trivy's own, complete: packages, vulnerabilities, secrets. SBOMs are made from it.
	Report types.Report `json:"-"`
}
