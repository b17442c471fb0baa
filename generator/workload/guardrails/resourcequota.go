package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// resourceQuota is one of a namespace's quotas. A pod has to fit into each quota
// whose scope it matches.
func resourceQuota(t *fleet.Tenant, name string, spec corev1.ResourceQuotaSpec) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ResourceQuota"},
		ObjectMeta: object.GuardrailMeta(t, name, object.WaveFence),
		Spec:       spec,
	}
}

// noPods forbids every pod of a scope. Among the resources that Kubernetes lets a
// scoped quota count, pods alone stops a pod whatever it requests.
func noPods(scope corev1.ScopedResourceSelectorRequirement) corev1.ResourceQuotaSpec {
	return corev1.ResourceQuotaSpec{
		Hard: corev1.ResourceList{corev1.ResourcePods: count(0)},
		ScopeSelector: &corev1.ScopeSelector{
			MatchExpressions: []corev1.ScopedResourceSelectorRequirement{scope},
		},
	}
}

// count is a quantity of whole things.
func count(n int) resource.Quantity {
	return *resource.NewQuantity(int64(n), resource.DecimalSI)
}
