package fleet

import (
	"iter"
	"slices"
	"strings"
)

// Fleet is all inputs, loaded and checked. Its slices are sorted by name.
type Fleet struct {
	Name string
	Spec FleetSpec

	Regions       []*Region
	Environments  []*Environment
	Tenants       []*Tenant
	InstanceTypes map[string]InstanceType // AWS's name of the type → its facts
	GPUClasses    map[string]GPUClass     // a10g → its facts

	// Warnings are findings that did not stop the load, sorted.
	Warnings Findings
}

// FleetSpec is what holds for the whole fleet (fleet.yaml).
type FleetSpec struct {
	Repository Repository `json:"repository"`
	ArgoCD     ArgoCD     `json:"argocd"`
	// Domain is the DNS domain below which the clusters' ingress host names lie.
	Domain string `json:"domain"`
}

// Repository is where Argo CD reads the generated tree.
type Repository struct {
	URL      string `json:"url"`
	Revision string `json:"revision"`
	// Path is the folder of the fleet inside the repository; "." is its root.
	Path string `json:"path"`
}

// Golden is the path of the generated tree inside the repository.
func (r Repository) Golden() string {
	if r.Path == "." || r.Path == "" {
		return "golden"
	}
	return strings.TrimSuffix(r.Path, "/") + "/golden"
}

// ArgoCD is the Argo CD instance (the hub) that syncs the fleet.
type ArgoCD struct {
	Namespace string `json:"namespace"`
	// Shards is the number of root Applications that the tenants are spread over.
	Shards int `json:"shards"`
	// Hub is the cluster Argo CD itself runs in, as Argo CD knows it.
	Hub Destination `json:"hub"`
}

// Destination is a cluster as Argo CD knows it.
type Destination struct {
	Name   string `json:"name"`
	Server string `json:"server"`
}

// Clusters yields every cluster of every region, sorted by cluster name.
func (f *Fleet) Clusters() []*Cluster {
	var out []*Cluster
	for _, r := range f.Regions {
		out = append(out, r.Clusters...)
	}
	slices.SortFunc(out, func(a, b *Cluster) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Region returns the region of that name, or nil.
func (f *Fleet) Region(name string) *Region {
	return byName(f.Regions, name, func(r *Region) string { return r.Name })
}

// Environment returns the environment of that name, or nil.
func (f *Fleet) Environment(name string) *Environment {
	return byName(f.Environments, name, func(e *Environment) string { return e.Name })
}

// Tenant returns the tenant of that name, or nil.
func (f *Fleet) Tenant(name string) *Tenant {
	return byName(f.Tenants, name, func(t *Tenant) string { return t.Name })
}

// Cluster returns the cluster of that name, or nil.
func (f *Fleet) Cluster(name string) *Cluster {
	return byName(f.Clusters(), name, func(c *Cluster) string { return c.Name })
}

// Placements yields every placement: tenant by tenant, clusters by name.
func (f *Fleet) Placements() iter.Seq[*Placement] {
	return func(yield func(*Placement) bool) {
		for _, t := range f.Tenants {
			for _, p := range t.Placements {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// byName finds in a slice sorted by name.
func byName[T any](sorted []*T, name string, key func(*T) string) *T {
	i, ok := slices.BinarySearchFunc(sorted, name, func(v *T, n string) int { return strings.Compare(key(v), n) })
	if !ok {
		return nil
	}
	return sorted[i]
}
