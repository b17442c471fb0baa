package provenance

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// ScanPredicate is the type of a Scan as a predicate (cosign, "Vulnerability Scan Record Attestation").
	ScanPredicate = "https://cosign.sigstore.dev/attestation/vuln/v1"
	// ResultVersion is the version of Result. In version 1 a waiver had no path, so
	// that one for a file could not be told from one for another.
	ResultVersion = 2
)

// Severities are the words for how bad a finding is, worst first.
var severities = [...]string{"CRITICAL", "HIGH", "MEDIUM", "LOW", "UNKNOWN"}

// Severities gives the words for how bad a finding is, worst first.
func Severities() []string { return slices.Clone(severities[:]) }

// Scan is the scan of one image: cosign's vulnerability predicate v1, with our
// Result in it. An index is scanned as its platform images together.
type Scan struct {
	Invocation Invocation   `json:"invocation"`
	Scanner    Scanner      `json:"scanner"`
	Metadata   ScanMetadata `json:"metadata"`
}

// Invocation is who ran the scan.
type Invocation struct {
	Parameters []string `json:"parameters"`
	URI        string   `json:"uri"`      // the run, as a link to a pipeline's job
	EventID    string   `json:"event_id"` // the run's number
	BuilderID  string   `json:"builder.id"`
}

// Scanner is what looked, with what knowledge, and what it found.
type Scanner struct {
	URI     string   `json:"uri"`     // pkg:golang/github.com/aquasecurity/trivy@v0.74.0
	Version string   `json:"version"` // v0.74.0
	DB      Database `json:"db"`
	Result  Result   `json:"result"`
}

// Database is where the scanner's knowledge came from.
type Database struct {
	URI     string `json:"uri"`
	Version string `json:"version"` // the schema's, as 2
}

// ScanMetadata is when the scan ran.
type ScanMetadata struct {
	Started  time.Time `json:"scanStartedOn"`
	Finished time.Time `json:"scanFinishedOn"` // a scan's age counts from here
}

// Result is what was found and what the policy made of it.
type Result struct {
	Version   int       `json:"version"`             // ResultVersion
	Passed    bool      `json:"passed"`              // the policy's verdict
	Policy    Policy    `json:"policy"`              // which policy
	DBUpdated time.Time `json:"dbUpdated"`           // when the database was made
	Platforms []string  `json:"platforms,omitempty"` // what was scanned, as linux/amd64
	// Findings are everything that was found, waived or not.
	Findings []Finding `json:"findings"`
	// Waivers are those that were used, and those that would have been but for their date.
	Waivers []Waiver `json:"waivers"`
}

// Policy is what the verdict follows.
type Policy struct {
	Gate   string `json:"gate"`             // the mildest severity that blocks, as HIGH
	Digest string `json:"digest,omitempty"` // sha256 of the policy file, hex
}

// Finding is a vulnerability in a package, or a secret in a file.
type Finding struct {
	ID       string `json:"id"`                // CVE-2024-0001, or the secret's rule
	Severity string `json:"severity"`          // one of Severities
	Package  string `json:"package,omitempty"` // name, or the file of a secret
	Version  string `json:"version,omitempty"`
	Fixed    string `json:"fixed,omitempty"`  // first version without it
	Target   string `json:"target,omitempty"` // where the package was found, as usr/bin/server
	Blocking bool   `json:"blocking,omitempty"`
	Waived   bool   `json:"waived,omitempty"`
}

// Encode gives a Scan as JSON, if it is sound.
func (s *Scan) Encode() ([]byte, error) {
	return encode("the scan", s)
}

// DecodeScan reads what Encode gave, from whomever: it is strict.
func DecodeScan(data []byte) (*Scan, error) {
	return decode[Scan]("the scan", data)
}

// Count is how many findings of each severity there are, by severity; severities
// without any are left out.
func (r *Result) Count() map[string]int {
	counts := map[string]int{}
	for _, f := range r.Findings {
		counts[f.Severity]++
	}
	return counts
}

// Blocking are the findings that made the verdict a refusal.
func (r *Result) Blocking() []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return !f.Blocking })
}

// Summary is the counts in words, worst first, as "2 HIGH, 1 LOW", or "none".
func Summary(counts map[string]int) string {
	var words []string
	for _, s := range severities {
		if counts[s] > 0 {
			words = append(words, fmt.Sprintf("%d %s", counts[s], s))
		}
	}
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// Validate says what is missing or contradictory.
func (s *Scan) Validate() error {
	r := &s.Scanner.Result
	switch {
	case r.Version != ResultVersion:
		return fmt.Errorf("result.version is %d: only %d is known here", r.Version, ResultVersion)
	case s.Scanner.URI == "":
		return errors.New("scanner.uri is empty: it is what scanned")
	case s.Metadata.Finished.IsZero() || s.Metadata.Started.IsZero():
		return errors.New("metadata says no time: without one nobody knows how old the scan is")
	case s.Metadata.Finished.Before(s.Metadata.Started):
		return errors.New("the scan finished before it started")
	case r.DBUpdated.IsZero():
		return errors.New("result.dbUpdated is missing: it is when the database was made")
	case r.DBUpdated.After(s.Metadata.Finished.Add(clockSkew)):
		return fmt.Errorf("the database was made (%s) after the scan with it had finished (%s)", stamp(r.DBUpdated), stamp(s.Metadata.Finished))
	case !slices.Contains(severities[:], r.Policy.Gate):
		return fmt.Errorf("result.policy.gate is %q, and none of %s", r.Policy.Gate, strings.Join(severities[:], ", "))
	}
	for _, f := range r.Findings {
		if err := f.validate(); err != nil {
			return err
		}
	}
	for _, w := range r.Waivers {
		if err := w.validate(s.Metadata.Started); err != nil {
			return err
		}
	}
	return r.follows()
}

// clockSkew is how far the clocks of two machines may differ.
const clockSkew = 5 * time.Minute

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (f *Finding) validate() error {
	switch {
	case f.ID == "":
		return errors.New("a finding has no id")
	case !slices.Contains(severities[:], f.Severity):
		return fmt.Errorf("finding %s: severity %q is none of %s", f.ID, f.Severity, strings.Join(severities[:], ", "))
	case f.Waived && f.Blocking:
		return fmt.Errorf("finding %s is said to be waived and to block", f.ID)
	}
	return nil
}

// follows checks that the verdict follows from the findings: a result that says
// it passed while a finding blocks is a forgery or a bug.
func (r *Result) follows() error {
	for _, f := range r.Findings {
		if f.Blocking && r.Passed {
			return fmt.Errorf("the verdict is that it passed, and finding %s blocks", f.ID)
		}
		if f.Waived && r.waiver(&f) == nil {
			return fmt.Errorf("finding %s in %q is said to be waived, and no waiver that holds covers it", f.ID, f.Package)
		}
	}
	return nil
}
