package argocd

import (
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

const (
	staging    = "staging"
	production = "production"
)

// hostile is text that a template, a policy or a glob could trip over.
const hostile = `{{ .cluster }}{{"`

// testFleet has four regions with a production and a staging cluster each, and
// no tenants.
func testFleet() *fleet.Fleet {
	f := &fleet.Fleet{Name: "test", Spec: fleet.FleetSpec{
		Repository: fleet.Repository{URL: "https://git.example/fleet.git", Revision: "main", Path: "."},
		ArgoCD: fleet.ArgoCD{
			Namespace: "argocd",
			Shards:    4,
			Hub:       fleet.Destination{Name: "hub", Server: "https://kubernetes.default.svc"},
		},
	}}
	stage := &fleet.Environment{Name: staging, Spec: fleet.EnvironmentSpec{
		Rollout: fleet.Rollout{Strategy: fleet.AllAtOnce},
	}}
	prod := &fleet.Environment{Name: production, Spec: fleet.EnvironmentSpec{
		Rollout: fleet.Rollout{Strategy: fleet.RollingSync, CanaryRegion: "eu-west", MaxUpdate: "50%"},
		Windows: []fleet.SyncWindow{
			{Kind: "allow", Schedule: "0 7 * * 1-5", Duration: "10h", TimeZone: "Europe/Dublin", ManualSync: true},
			{Kind: "deny", Schedule: "0 0 24 12 *", Duration: "72h", TimeZone: "UTC"},
		},
	}}
	f.Environments = []*fleet.Environment{prod, stage}
	for _, name := range []string{"ap-southeast", "eu-west", "us-east", "us-west"} {
		r := &fleet.Region{Name: name}
		for _, e := range f.Environments {
			c := &fleet.Cluster{Name: name + "-" + e.Name, Region: r, Environment: e}
			// Argo CD's name of a cluster need not be ours.
			c.Spec.ArgoCD = fleet.Destination{Name: "eks-" + c.Name, Server: "https://" + c.Name + ".eks.example"}
			r.Clusters = append(r.Clusters, c)
		}
		f.Regions = append(f.Regions, r)
	}
	return f
}

// in places a tenant, with one model, in the clusters of the fleet whose region is listed.
func in(f *fleet.Fleet, name string, regions ...string) *fleet.Tenant {
	t := &fleet.Tenant{Name: name, Spec: fleet.TenantSpec{
		DisplayName: "Tenant " + name,
		Owners:      []fleet.Owner{{Group: name + "-ml", Contact: "ml@" + name + ".example"}},
	}}
	for _, c := range f.Clusters() {
		if slices.Contains(regions, c.Region.Name) {
			t.Placements = append(t.Placements, &fleet.Placement{
				Tenant: t, Cluster: c, Models: []*fleet.Model{{Name: "sentiment"}},
			})
		}
	}
	f.Tenants = append(f.Tenants, t)
	slices.SortFunc(f.Tenants, func(a, b *fleet.Tenant) int { return strings.Compare(a.Name, b.Name) })
	return t
}

var everywhere = []string{"ap-southeast", "eu-west", "us-east", "us-west"}

// all is every object of the fleet.
func all(f *fleet.Fleet) []Object {
	out := append(Bootstrap(f), Platform(f)...)
	for _, t := range f.Tenants {
		out = append(out, Tenant(f, t)...)
	}
	return out
}

// values are the objects of one type, by file and name.
func values[T any](objects []Object) []T {
	var out []T
	for _, o := range objects {
		if v, ok := o.Value.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

func project(t *testing.T, f *fleet.Fleet, name string) *AppProject {
	t.Helper()
	for _, p := range values[*AppProject](all(f)) {
		if p.Metadata.Name == name {
			return p
		}
	}
	t.Fatalf("there is no project %q", name)
	return nil
}

func applicationSetNamed(t *testing.T, f *fleet.Fleet, name string) *ApplicationSet {
	t.Helper()
	for _, s := range values[*ApplicationSet](all(f)) {
		if s.Metadata.Name == name {
			return s
		}
	}
	t.Fatalf("there is no ApplicationSet %q", name)
	return nil
}
