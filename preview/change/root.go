package change

import (
	"path"
	"strings"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/render"
)

// reads is the root that reads a file of golden/argocd from Git; nil where none does.
func (c *comparison) reads(file string) *argotree.Application {
	for i, root := range c.roots {
		source := root.Spec.Source
		if source == nil {
			continue
		}
		below, ok := strings.CutPrefix(file, path.Clean(source.Path)+"/")
		if ok && render.Takes(source.Directory, below) {
			return &c.roots[i]
		}
	}
	return nil
}

// prunes tells whether a root deletes what leaves Git. By hand, anybody may.
func prunes(root *argotree.Application) bool {
	p := root.Spec.SyncPolicy
	return p != nil && p.Automated != nil && p.Automated.Prune
}
