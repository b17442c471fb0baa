package workload

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

func TestPlatformRanksTheTiers(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
	// A tier that the first environment does not know.
	f.Environment("staging").Spec.Tiers["trial"] = fleet.Tier{Priority: 1}
	for _, test := range []struct {
		name    string
		cluster *fleet.Cluster
		want    map[string]int32
	}{
		{"base", nil, map[string]int32{"mlfleet-bronze": 10, "mlfleet-gold": 1000, "mlfleet-trial": 1}},
		{"production", irsa.Cluster, map[string]int32{"mlfleet-bronze": 10, "mlfleet-gold": 1000, "mlfleet-trial": 1}},
		{"staging", podIdentity.Cluster, map[string]int32{"mlfleet-bronze": 10, "mlfleet-gold": 100, "mlfleet-trial": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			objects := ranks(Platform(test.cluster, f))
			if len(objects) != len(test.want) {
				t.Errorf("classes are %v", workloadtest.Identities(t, objects))
			}
			for name, value := range test.want {
				class := workloadtest.Find[*schedulingv1.PriorityClass](t, objects, name)
				if class.Value != value {
					t.Errorf("%s has value %d, want %d", name, class.Value, value)
				}
				if class.GlobalDefault {
					t.Errorf("%s is the default of every namespace", name)
				}
				if class.PreemptionPolicy == nil || *class.PreemptionPolicy != corev1.PreemptLowerPriority {
					t.Errorf("%s does not preempt", name)
				}
			}
		})
	}
}

// ranks are the priority classes among objects.
func ranks(objects []object.Object) []object.Object {
	return slices.DeleteFunc(objects, func(o object.Object) bool { return o.File != "priorityclasses.yaml" })
}

func TestPriorityClassesAreTheSameEverywhere(t *testing.T) {
	f, _, _ := workloadtest.Fixture(t)
	f.Environment("staging").Spec.Tiers["trial"] = fleet.Tier{Priority: 1}
	base := workloadtest.Identities(t, ranks(Platform(nil, f)))
	if !slices.IsSorted(base) {
		t.Errorf("objects are not sorted: %q", base)
	}
	for _, c := range f.Clusters() {
		if got := workloadtest.Identities(t, ranks(Platform(c, f))); !slices.Equal(got, base) {
			t.Errorf("%s has %q, the base has %q", c.Name, got, base)
		}
	}
}

// A tenant's quota admits only pods of its tier's class, so the class has to exist
// in every cluster that the tenant is in.
func TestEveryTenantsPriorityClassExists(t *testing.T) {
	f, _, _ := workloadtest.Fixture(t)
	for p := range f.Placements() {
		workloadtest.Find[*schedulingv1.PriorityClass](t, Platform(p.Cluster, f), fleet.PriorityClass(p.Tenant.Spec.Tier))
	}
}
