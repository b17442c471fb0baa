package reference

import (
	"maps"
	"slices"

	"github.com/mlfleet/mlfleet/generator/argocd"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/render"
	"github.com/mlfleet/mlfleet/generator/workload"
)

// snapshot is the objects of a fleet: those of every cluster, and what Argo CD is told.
type snapshot struct {
	objects map[located]manifest.Node
	// locations are the clusters, and the tenants in each.
	locations map[location]bool
	// servers are the API servers of the clusters, by the clusters' names.
	servers map[string]string
	tenants map[string]bool
}

// location is a tenant in a cluster; of the platform's objects there the tenant is "", and
// of Argo CD's own the cluster, too.
type location struct{ cluster, tenant string }

// located is an object and where it is.
type located struct {
	location
	manifest.ID
}

// objectsOf renders a fleet: final objects, without the Kustomize sources, which are
// computed from them.
func objectsOf(f *fleet.Fleet) (snapshot, error) {
	s := snapshot{map[located]manifest.Node{}, map[location]bool{{}: true}, map[string]string{}, map[string]bool{}}
	for p := range f.Placements() {
		at := location{p.Cluster.Name, p.Tenant.Name}
		s.locations[at] = true
		objects, err := render.Placement(p)
		if err != nil {
			return snapshot{}, err
		}
		for _, o := range objects {
			s.objects[located{at, o.ID}] = o.Root
		}
	}
	add := func(at location, value any) error {
		o, err := manifest.From(value)
		s.objects[located{at, o.ID}] = o.Root
		return err
	}
	for _, c := range f.Clusters() {
		at := location{cluster: c.Name}
		s.locations[at], s.servers[c.Name] = true, c.Spec.ArgoCD.Server
		for _, o := range workload.Platform(c, f) {
			if err := add(at, o.Value); err != nil {
				return snapshot{}, err
			}
		}
	}
	hub := slices.Concat(argocd.Bootstrap(f), argocd.Platform(f))
	for _, t := range f.Tenants {
		s.tenants[t.Name] = true
		hub = append(hub, argocd.Tenant(f, t)...)
	}
	for _, o := range hub {
		if err := add(location{}, o.Value); err != nil {
			return snapshot{}, err
		}
	}
	return s, nil
}

// against is what differs between two fleets, where both could have it: that a cluster
// is not there, or a tenant not in it, says nothing of the objects that would be.
func (s snapshot) against(other snapshot) Effect {
	other = other.called(s)
	var e Effect
	for at, now := range other.objects {
		k := Kind{at.APIVersion, at.Kind}
		if before, there := s.objects[at]; there {
			differences(before, now, "", func(path string) { e.add(k, path) })
		} else if s.couldHold(at.location) {
			e.add(k, "")
		}
	}
	for at := range s.objects {
		if _, there := other.objects[at]; !there && other.couldHold(at.location) {
			e.add(Kind{at.APIVersion, at.Kind}, "")
		}
	}
	return e
}

// couldHold says whether the fleet has a place. A tenant that it has nowhere has another
// name here, which its objects are called by.
func (s snapshot) couldHold(at location) bool {
	return s.locations[at] || !s.tenants[at.tenant] && s.locations[location{cluster: at.cluster}]
}

// called gives clusters the names that they have in another snapshot: a cluster is the
// same one where its API server is.
func (s snapshot) called(by snapshot) snapshot {
	names := map[string]string{}
	for name, server := range by.servers {
		for now := range s.servers {
			if s.servers[now] == server && s.servers[name] == "" && by.servers[now] == "" {
				names[now] = name
			}
		}
	}
	if len(names) == 0 {
		return s
	}
	at := func(p location) location {
		if name, ok := names[p.cluster]; ok {
			p.cluster = name
		}
		return p
	}
	out := s
	out.objects, out.locations = map[located]manifest.Node{}, map[location]bool{}
	for l, root := range s.objects {
		out.objects[located{at(l.location), l.ID}] = root
	}
	for p := range maps.Keys(s.locations) {
		out.locations[at(p)] = true
	}
	return out
}
