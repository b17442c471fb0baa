package diff

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Folded is a Diff in which what is the same is said once: the same change of an
// object in several clusters, and the same change of many tenants' objects.
type Folded struct {
	// Shared are changes that many tenants have in common, such as a new image.
	Shared []Shared
	// Tenants is the rest, by name; the platform, whose name is empty, comes first.
	Tenants []Tenant
}

// Tenant is what changes for one tenant, or for the platform.
type Tenant struct {
	Name string
	// Groups are sorted by how many clusters they are of, the largest first.
	Groups []Group
}

// Group is what changes in the same way in each of some clusters.
type Group struct {
	// Clusters are sorted; none for Argo CD's objects.
	Clusters []string
	// Objects are without Cluster and File.
	Objects []Object
}

// Shared is a change of the same fields to the same values.
type Shared struct {
	APIVersion, Kind string
	Fields           []Field
	Consequences     []Consequence
	// Tenants are those whose objects change, each with the names of the objects
	// and the clusters they are in.
	Tenants []Affected
	// Objects is how many objects change, counted in each cluster.
	Objects int
}

// Affected are objects of a tenant that all change in the same clusters.
type Affected struct {
	Tenant   string
	Names    []string
	Clusters []string
}

// sharedBy is by how many tenants a change must be shared to be told apart from
// theirs. With fewer, what happens to a tenant is better read in one place.
const sharedBy = 3

// Fold folds the diff.
func (d *Diff) Fold() Folded {
	var folded Folded
	alike := map[string][]Object{} // changed objects by what changes in them
	for _, o := range d.Objects {
		if o.Action == Changed && o.MovedFrom == "" && o.Tenant != "" {
			alike[o.change()] = append(alike[o.change()], o)
		}
	}
	maps.DeleteFunc(alike, func(_ string, objects []Object) bool { return countTenants(objects) < sharedBy })
	for _, key := range slices.Sorted(maps.Keys(alike)) {
		folded.Shared = append(folded.Shared, share(alike[key]))
	}
	byTenant := map[string][]Object{}
	for _, o := range d.Objects {
		if o.Action == Changed && alike[o.change()] != nil {
			continue
		}
		byTenant[o.Tenant] = append(byTenant[o.Tenant], o)
	}
	for _, name := range slices.Sorted(maps.Keys(byTenant)) {
		folded.Tenants = append(folded.Tenants, Tenant{name, groups(byTenant[name])})
	}
	return folded
}

func countTenants(objects []Object) int {
	names := map[string]bool{}
	for _, o := range objects {
		names[o.Tenant] = true
	}
	return len(names)
}

func share(objects []Object) Shared {
	first := objects[0]
	s := Shared{
		APIVersion: first.APIVersion, Kind: first.Kind, Fields: first.Fields, Consequences: first.Consequences,
		Objects: len(objects),
	}
	for _, t := range byKey(objects, func(o Object) string { return o.Tenant }) {
		for _, g := range groups(t) {
			names := make([]string, len(g.Objects))
			for i, o := range g.Objects {
				names[i] = o.Name
			}
			s.Tenants = append(s.Tenants, Affected{t[0].Tenant, names, g.Clusters})
		}
	}
	return s
}

// groups folds a tenant's objects that change alike in several clusters, and then
// groups them by these clusters.
func groups(objects []Object) []Group {
	byClusters := map[string]*Group{}
	for _, same := range byKey(objects, Object.anywhere) {
		clusters := make([]string, len(same))
		for i, o := range same {
			clusters[i] = o.Cluster
		}
		key := strings.Join(clusters, " ")
		g := byClusters[key]
		if g == nil {
			g = &Group{Clusters: clusters}
			if key == "" {
				g.Clusters = nil
			}
			byClusters[key] = g
		}
		o := same[0]
		o.Cluster, o.File = "", ""
		g.Objects = append(g.Objects, o)
	}
	out := make([]Group, 0, len(byClusters))
	for _, key := range slices.Sorted(maps.Keys(byClusters)) {
		out = append(out, *byClusters[key])
	}
	slices.SortStableFunc(out, func(a, b Group) int { return len(b.Clusters) - len(a.Clusters) })
	return out
}

// byKey groups objects by a key, in the order in which each key first comes.
func byKey(objects []Object, key func(Object) string) [][]Object {
	var out [][]Object
	index := map[string]int{}
	for _, o := range objects {
		k := key(o)
		i, ok := index[k]
		if !ok {
			i = len(out)
			index[k] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], o)
	}
	return out
}

// anywhere is equal for objects that differ only in where they are.
func (o Object) anywhere() string {
	o.Cluster, o.File = "", ""
	return o.key()
}

// change is equal for objects of one kind that change alike.
func (o Object) change() string {
	return Object{Action: o.Action, APIVersion: o.APIVersion, Kind: o.Kind, Fields: o.Fields, Consequences: o.Consequences}.key()
}

func (o Object) key() string {
	key, err := json.Marshal(o)
	if err != nil {
		panic("diff: a field's value is not JSON: " + err.Error()) // toJSON makes nothing else
	}
	return string(key)
}
