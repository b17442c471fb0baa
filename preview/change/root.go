package change

import (
	"slices"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/root"
)

// roots are the Applications that bring the files of golden/argocd to the hub.
type roots []argotree.Application

// reads is the root that reads a file of golden/argocd from Git; nil where none does.
func (r roots) reads(file string) *argotree.Application {
	for i := range r {
		if root.Reads(&r[i].Spec, file) {
			return &r[i]
		}
	}
	return nil
}

// reaches tells whether what is in a file comes to the hub: a root reads it, or a person
// applies it.
func (r roots) reaches(file string) bool {
	return file == root.Bootstrap || r.reads(file) != nil
}

// with adds those of before that are not here any more: a person applied them, and
// until a person deletes them they go on reading.
func (r roots) with(before roots) roots {
	out := slices.Clone(r)
	for _, old := range before {
		if r.named(old) == nil {
			out = append(out, old)
		}
	}
	return out
}

// named is the root of the same name as another; nil where there is none.
func (r roots) named(other argotree.Application) *argotree.Application {
	i := slices.IndexFunc(r, func(a argotree.Application) bool { return a.Namespace == other.Namespace && a.Name == other.Name })
	if i < 0 {
		return nil
	}
	return &r[i]
}

// left is the root that a file has come to the hub by, as it is now; nil where a person
// applied it.
func (c *comparison) left(file string) *argotree.Application {
	was := c.oldRoots.reads(file)
	if was == nil {
		return nil
	}
	return c.newRoots.named(*was)
}

// prunes tells whether a root deletes what leaves Git. By hand, anybody may.
func prunes(root *argotree.Application) bool {
	p := root.Spec.SyncPolicy
	return p != nil && p.Automated != nil && p.Automated.Prune
}
