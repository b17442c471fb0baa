package guardrails

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// PriorityQuota lets the tenant's pods take the PriorityClass of its tier and no
// other, lest a tenant outranks those who have a better tier, or the system's own
// pods. NotIn also matches a pod without a class (quota scopes are matched as label
// selectors), so a pod has to name its class.
func PriorityQuota(p *fleet.Placement) *corev1.ResourceQuota {
	return resourceQuota(p.Tenant, "no-other-priority", noPods(corev1.ScopedResourceSelectorRequirement{
		ScopeName: corev1.ResourceQuotaScopePriorityClass,
		Operator:  corev1.ScopeSelectorOpNotIn,
		Values:    []string{fleet.PriorityClass(p.Tenant.Spec.Tier)},
	}))
}
