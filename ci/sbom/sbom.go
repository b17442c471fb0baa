// Package sbom writes what a scan saw in an image as CycloneDX 1.6 and SPDX 2.3, both JSON, both from the same scan that the gate judged.
//
// The bytes depend on the image, its packages, the findings and the scan's time, on nothing else: serial numbers, which both formats
// usually make at random, are derived from the image's digest, so that two people can compare what they got.
package sbom

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/aquasecurity/trivy/pkg/clock"
	"github.com/aquasecurity/trivy/pkg/sbom/cyclonedx"
	"github.com/aquasecurity/trivy/pkg/sbom/spdx"
	"github.com/google/uuid"

	"github.com/mlfleet/mlfleet/ci/scan"
)

// Media types of the two formats: of files, referrers and HTTP answers.
const (
	CycloneDXType = "application/vnd.cyclonedx+json"
	SPDXType      = "application/spdx+json"
)

// space is the namespace of our UUIDs (RFC 9562, section 5.5): the project's address, hashed once.
var space = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/mlfleet/mlfleet/ci/sbom"))

// CycloneDX writes a CycloneDX 1.6 document with packages, their dependencies and the vulnerabilities found.
func CycloneDX(w io.Writer, r *scan.Result) error {
	report := referenced(r)
	marshaler := cyclonedx.NewMarshaler(scan.TrivyVersion)
	bom, err := marshaler.MarshalReport(at(r), report)
	if err != nil {
		return fmt.Errorf("making the CycloneDX document of %s: %w", r.Name, err)
	}
	bom.SerialNumber = "urn:uuid:" + derived(r, "serial number").String()
	settle(bom, r)
	encoder := cdx.NewBOMEncoder(w, cdx.BOMFileFormatJSON).SetPretty(true).SetEscapeHTML(false)
	if err := encoder.EncodeVersion(bom, cdx.SpecVersion1_6); err != nil {
		return fmt.Errorf("writing the CycloneDX document of %s: %w", r.Name, err)
	}
	return nil
}

// SPDX writes an SPDX 2.3 document with packages and their relationships.
func SPDX(w io.Writer, r *scan.Result) error {
	document, err := spdx.NewMarshaler(scan.TrivyVersion).MarshalReport(at(r), cloned(r.Report))
	if err != nil {
		return fmt.Errorf("making the SPDX document of %s: %w", r.Name, err)
	}
	// SPDX 2.3, section 6.5: unique for each document, a URI without fragment. It need not lead anywhere.
	document.DocumentNamespace = "https://github.com/mlfleet/mlfleet/spdx/" + derived(r, "namespace").String()
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("writing the SPDX document of %s: %w", r.Name, err)
	}
	return nil
}

// at makes the scan's time the documents' time.
func at(r *scan.Result) context.Context { return clock.With(context.Background(), r.Scanned) }

// derived gives a UUID that is the same for the same image, scan time and purpose. A document of another scan is another
// document: its findings may differ.
func derived(r *scan.Result, purpose string) uuid.UUID {
	return uuid.NewSHA1(space, fmt.Appendf(nil, "%s %s %d %s", r.Digest, r.Name, r.Scanned.UnixNano(), purpose))
}
