package argocd

import (
	"reflect"
	"slices"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

func TestWindowsHoldForTheirEnvironmentsClusters(t *testing.T) {
	f := testFleet()
	in(f, "acme", "us-east", "us-west")
	in(f, "globex", "us-east")
	globex := f.Tenant("globex")
	globex.Placements = slices.DeleteFunc(globex.Placements, func(p *fleet.Placement) bool {
		return p.Cluster.Environment.Name == production
	})

	p := project(t, f, "tenant-acme")
	own := []string{"eks-us-east-production", "eks-us-west-production"}
	want := []SyncWindow{
		{Kind: "allow", Schedule: "0 7 * * 1-5", Duration: "10h", TimeZone: "Europe/Dublin", Clusters: own, ManualSync: true},
		{Kind: "deny", Schedule: "0 0 24 12 *", Duration: "72h", TimeZone: "UTC", Clusters: own},
	}
	if !reflect.DeepEqual(p.Spec.SyncWindows, want) {
		t.Errorf("windows are %+v, want %+v", p.Spec.SyncWindows, want)
	}
	// Argo CD compares a window's clusters with what the Application says.
	for _, a := range applications(t, f) {
		if a.Spec.Project != "tenant-acme" {
			continue
		}
		shut := slices.Contains(p.Spec.SyncWindows[0].Clusters, a.Spec.Destination.Name)
		if inProduction := a.Metadata.Labels["mlfleet.dev/environment"] == production; shut != inProduction {
			t.Errorf("%s is shut: %v", a.Metadata.Name, shut)
		}
	}
	if w := project(t, f, "tenant-globex").Spec.SyncWindows; w != nil {
		t.Errorf("globex is only in staging, which has no windows, and has %+v", w)
	}
	for _, name := range []string{"mlfleet-guardrails", "mlfleet-platform", "mlfleet-roots"} {
		if w := project(t, f, name).Spec.SyncWindows; w != nil {
			t.Errorf("%s has to wait for %+v", name, w)
		}
	}
}

func TestEqualWindowsAreOne(t *testing.T) {
	f := testFleet()
	f.Environment(staging).Spec.Windows = f.Environment(production).Spec.Windows[1:]
	in(f, "acme", "us-east")
	windows := project(t, f, "tenant-acme").Spec.SyncWindows
	if len(windows) != 2 {
		t.Fatalf("windows are %+v, want the equal ones joined", windows)
	}
	if want := []string{"eks-us-east-production", "eks-us-east-staging"}; !slices.Equal(windows[1].Clusters, want) {
		t.Errorf("the shared window holds for %v, want %v", windows[1].Clusters, want)
	}
}
