package guardrails_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestGrantQuota(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	same := map[string]string{ // in every cluster
		"requests.cpu": "200", "limits.cpu": "200", "requests.memory": "800Gi", "limits.memory": "800Gi",
		"requests.nvidia.com/gpu": "24", "requests.nvidia.com/gpu.shared": "8", "requests.nvidia.com/mig-1g.5gb": "6",
		"services.loadbalancers": "0", "services.nodeports": "0", "persistentvolumeclaims": "0", "requests.storage": "0",
		"count/resourceclaims.resource.k8s.io": "0",
	}
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		more      map[string]string
	}{
		{"base", irsa.Tenant.Base, map[string]string{"pods": "0"}},
		// 20 models × 50 replicas, twice; its pools also offer 3g.20gb, which nobody granted.
		{"production", irsa, map[string]string{"pods": "2k", "requests.nvidia.com/mig-3g.20gb": "0"}},
		{"staging", podIdentity, map[string]string{"pods": "400"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			hard := workloadtest.Find[*corev1.ResourceQuota](t, workload.Guardrails(test.placement), "grant").Spec.Hard
			if got, want := len(hard), len(same)+len(test.more); got != want {
				t.Errorf("quota counts %d resources, want %d: %v", got, want, hard)
			}
			for _, want := range []map[string]string{same, test.more} {
				for name, quantity := range want {
					got, ok := hard[corev1.ResourceName(name)]
					if !ok || got.Cmp(resource.MustParse(quantity)) != 0 {
						t.Errorf("%s is %s (%t), want %s", name, got.String(), ok, quantity)
					}
				}
			}
		})
	}
}

// A resource that a quota leaves out is not limited, so what a tenant was not
// granted has to be there as 0.
func TestWhatWasNotGrantedIsZero(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	irsa.Tenant.Spec.Quota = fleet.Quota{CPU: resource.MustParse("8"), Memory: resource.MustParse("32Gi")}
	hard := workloadtest.Find[*corev1.ResourceQuota](t, workload.Guardrails(irsa), "grant").Spec.Hard
	offered := []corev1.ResourceName{"requests.nvidia.com/gpu", "requests.nvidia.com/gpu.shared"}
	for _, pool := range irsa.Cluster.Spec.GPUPools {
		for profile := range pool.MIG {
			offered = append(offered, corev1.ResourceName("requests.nvidia.com/mig-"+profile))
		}
	}
	for _, name := range offered {
		if quantity, ok := hard[name]; !ok || !quantity.IsZero() {
			t.Errorf("%s is %s (%t), want 0", name, quantity.String(), ok)
		}
	}
}

func TestOnlyTheTiersOwnPriority(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	quota := workloadtest.Find[*corev1.ResourceQuota](t, workload.Guardrails(irsa), "no-other-priority")
	for class, want := range map[string]bool{
		"mlfleet-gold":            true,
		"mlfleet-bronze":          false,
		"system-cluster-critical": false,
		"":                        false,
	} {
		if got := workloadtest.Admits(t, quota, class); got != want {
			t.Errorf("pod with class %q: admitted %t, want %t", class, got, want)
		}
	}
}

func TestNoAffinityAcrossNamespaces(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	spec := workloadtest.Find[*corev1.ResourceQuota](t, workload.Guardrails(irsa), "no-cross-namespace-affinity").Spec
	if pods, ok := spec.Hard[corev1.ResourcePods]; !ok || !pods.IsZero() {
		t.Errorf("pods is %s (%t), want 0", pods.String(), ok)
	}
	scope := spec.ScopeSelector.MatchExpressions[0]
	if scope.ScopeName != "CrossNamespacePodAffinity" || scope.Operator != corev1.ScopeSelectorOpExists {
		t.Errorf("scope is %v", scope)
	}
}

func TestStorageGrant(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	irsa.Tenant.Spec.Quota.Storage = resource.MustParse("2Ti")
	for _, test := range []struct {
		placement *fleet.Placement
		claims    string
	}{{irsa, "40"}, {irsa.Tenant.Base, "0"}} { // 20 models and their canaries
		hard := workloadtest.Find[*corev1.ResourceQuota](t, workload.Guardrails(test.placement), "grant").Spec.Hard
		storage, claims := hard["requests.storage"], hard["persistentvolumeclaims"]
		if storage.Cmp(resource.MustParse("2Ti")) != 0 || claims.Cmp(resource.MustParse(test.claims)) != 0 {
			t.Errorf("%s of storage in %s claims, want %s", storage.String(), claims.String(), test.claims)
		}
	}
}
