package check

import (
	"slices"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/root"
)

// unread looks for files that no root reads: what is in them never reaches the hub. The
// bootstrap is the one that a person applies. Where it cannot be read, neither can it be
// told what its roots read.
func unread(t *argotree.Tree, apps []expand.Application) []finding.Finding {
	if slices.ContainsFunc(t.Findings, func(f finding.Finding) bool { return f.File == root.Bootstrap && f.Kind != finding.UnknownField }) {
		return nil
	}
	roots := slices.DeleteFunc(slices.Clone(apps), func(a expand.Application) bool { return !root.Is(&a.Spec) })
	if len(roots) == 0 {
		return []finding.Finding{{Kind: finding.Unread, File: root.Bootstrap,
			Message: "no Application here reads " + argotree.Folder + ", so nothing of it reaches the hub from Git", Fix: "run 'mlfleet generate'"}}
	}
	var found []finding.Finding
	for _, d := range t.Documents() {
		if d.File == root.Bootstrap || slices.ContainsFunc(roots, func(a expand.Application) bool { return root.Reads(&a.Spec, d.File) }) {
			continue
		}
		found = append(found, d.Find(finding.Unread, "no root reads this file, so nothing of it reaches the hub",
			"run 'mlfleet generate', or have a root's directory.include take it"))
	}
	return found
}
