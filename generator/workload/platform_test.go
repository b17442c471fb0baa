package workload

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
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
			objects := Platform(test.cluster, f)
			classes := slices.DeleteFunc(workloadtest.Identities(t, objects), func(id string) bool {
				return !strings.Contains(id, " PriorityClass ")
			})
			if len(classes) != len(test.want) || !slices.IsSorted(classes) {
				t.Errorf("classes are %v", classes)
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

// What the base has every cluster has, and beyond it only what its autoscaler
// and its gateway read.
func TestPlatformsObjects(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
	base := workloadtest.Identities(t, Platform(nil, f))
	for cluster, want := range map[*fleet.Cluster][]string{
		irsa.Cluster: {
			"nodepools.yaml NodePool a10g", "nodepools.yaml NodePool a10g-acme", "nodepools.yaml NodePool a100-mig",
			"ec2nodeclasses.yaml EC2NodeClass a10g", "ec2nodeclasses.yaml EC2NodeClass a10g-acme", "ec2nodeclasses.yaml EC2NodeClass a100-mig",
			"nodeoverlays.yaml NodeOverlay a10g-acme", "nodeoverlays.yaml NodeOverlay a100-mig",
			"logs.yaml ConfigMap mlfleet-fluent-bit", "gateways.yaml Gateway mlfleet-internal",
		},
		podIdentity.Cluster: {"cluster-autoscaler.yaml ConfigMap cluster-autoscaler-priority-expander", "logs.yaml ConfigMap mlfleet-fluent-bit"},
	} {
		got := workloadtest.Identities(t, Platform(cluster, f))
		for _, id := range base {
			if !slices.Contains(got, id) {
				t.Errorf("%s lacks %s", cluster.Name, id)
			}
		}
		got = slices.DeleteFunc(got, func(id string) bool { return slices.Contains(base, id) })
		if !slices.Equal(got, want) {
			t.Errorf("%s has on top of the base\n%q\nwant\n%q", cluster.Name, got, want)
		}
	}
	irsa.Cluster.Spec.GPUPools = nil
	for _, id := range workloadtest.Identities(t, Platform(irsa.Cluster, f)) {
		if strings.Contains(id, "gpu-operator.yaml") {
			t.Errorf("without GPUs there is %s", id)
		}
	}
}

// The adapter's rules come where an adapter is, and stand beside Prometheus.
func TestPlatformBringsTheAdaptersRules(t *testing.T) {
	f, _, p := workloadtest.Fixture(t)
	p.Cluster.Spec.Scaling.MetricsAdapter = true
	rules := workloadtest.Find[*corev1.ConfigMap](t, Platform(p.Cluster, f), "mlfleet-metrics-rules")
	if rules.Namespace != "observability" {
		t.Errorf("the rules are in namespace %q", rules.Namespace)
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
