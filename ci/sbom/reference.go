package sbom

import (
	"cmp"
	"slices"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/aquasecurity/trivy/pkg/types"
	"github.com/google/uuid"

	"github.com/mlfleet/mlfleet/ci/scan"
)

// cloned copies what Trivy's encoders write into.
func cloned(report types.Report) types.Report {
	report.Results = slices.Clone(report.Results)
	for i := range report.Results {
		report.Results[i].Packages = slices.Clone(report.Results[i].Packages)
	}
	return report
}

// referenced gives each package a reference of its own: its package URL where that is the only one, else an UUID of what Trivy tells
// packages apart by (file and content). Trivy itself would draw the second kind at random.
func referenced(r *scan.Result) types.Report {
	report := cloned(r.Report)
	times := map[string]int{}
	for _, result := range report.Results {
		for _, p := range result.Packages {
			if p.Identifier.PURL != nil {
				times[p.Identifier.PURL.String()]++
			}
		}
	}
	for _, result := range report.Results {
		for i := range result.Packages {
			id := &result.Packages[i].Identifier
			if id.PURL != nil && times[id.PURL.String()] == 1 {
				id.BOMRef = id.PURL.String()
				continue
			}
			id.BOMRef = derived(r, "package "+result.Target+" "+id.UID).String()
		}
	}
	return report
}

// settle replaces the references that Trivy drew at random (of the operating system and of programs, which have no package URL) and
// sorts again: the order came from them.
func settle(bom *cdx.BOM, r *scan.Result) {
	fixed := map[string]string{}
	mine := map[string]bool{}
	for _, result := range referenced(r).Results {
		for _, p := range result.Packages {
			mine[p.Identifier.BOMRef] = true
		}
	}
	rename := func(c *cdx.Component) {
		if _, err := uuid.Parse(c.BOMRef); err != nil || mine[c.BOMRef] {
			return
		}
		fixed[c.BOMRef] = derived(r, "component "+string(c.Type)+" "+c.Name+" "+c.Version).String()
		c.BOMRef = fixed[c.BOMRef]
	}
	if bom.Metadata != nil && bom.Metadata.Component != nil {
		rename(bom.Metadata.Component)
	}
	for i := range deref(bom.Components) {
		rename(&(*bom.Components)[i])
	}
	for i := range deref(bom.Dependencies) {
		d := &(*bom.Dependencies)[i]
		d.Ref = cmp.Or(fixed[d.Ref], d.Ref)
		for j, on := range deref(d.Dependencies) {
			(*d.Dependencies)[j] = cmp.Or(fixed[on], on)
		}
		slices.Sort(deref(d.Dependencies))
	}
	slices.SortFunc(deref(bom.Components), func(a, b cdx.Component) int { return cmp.Compare(a.BOMRef, b.BOMRef) })
	slices.SortFunc(deref(bom.Dependencies), func(a, b cdx.Dependency) int { return cmp.Compare(a.Ref, b.Ref) })
}

// deref gives the list behind a pointer that may be nil, sharing its elements.
func deref[T any](list *[]T) []T {
	if list == nil {
		return nil
	}
	return *list
}
