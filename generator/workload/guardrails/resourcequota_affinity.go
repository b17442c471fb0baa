package guardrails

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AffinityQuota forbids pods whose affinity looks into other namespaces. With
// anti-affinity to another tenant's pods, a tenant could keep them off the nodes
// it is on (Kubernetes, "Resource Quotas", cross-namespace pod affinity scope).
func AffinityQuota(p *fleet.Placement) *corev1.ResourceQuota {
	return resourceQuota(p.Tenant, "no-cross-namespace-affinity", noPods(corev1.ScopedResourceSelectorRequirement{
		ScopeName: corev1.ResourceQuotaScopeCrossNamespacePodAffinity,
		Operator:  corev1.ScopeSelectorOpExists,
	}))
}
