package guardrails

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// GrantQuota is what the platform granted the tenant, in a cluster. Requests equal
// limits, since the pods are Guaranteed. Whatever was not granted stands there as 0:
// a resource that a quota does not mention is not limited at all.
//
// That holds for GPUs, for shares of GPUs, and for each MIG profile that a pool of
// this cluster offers; no pod can get a profile that no node offers.
func GrantQuota(p *fleet.Placement) *corev1.ResourceQuota {
	grant := p.Tenant.Spec.Quota
	hard := corev1.ResourceList{
		corev1.ResourcePods:           count(podsGranted(p)),
		corev1.ResourceRequestsCPU:    grant.CPU,
		corev1.ResourceLimitsCPU:      grant.CPU,
		corev1.ResourceRequestsMemory: grant.Memory,
		corev1.ResourceLimitsMemory:   grant.Memory,

		"requests.nvidia.com/gpu":        count(grant.GPUs),
		"requests.nvidia.com/gpu.shared": count(grant.SharedGPUs),

		// A load balancer or a node port would be a way in past the ingress.
		corev1.ResourceServicesLoadBalancers:  count(0),
		corev1.ResourceServicesNodePorts:      count(0),
		corev1.ResourceRequestsStorage:        grant.Storage,
		corev1.ResourcePersistentVolumeClaims: count(claimsGranted(p)),
		// A claim of dynamic resource allocation gets a GPU that no count above sees.
		"count/resourceclaims.resource.k8s.io": count(0),
	}
	if p.Cluster != nil {
		for _, pool := range p.Cluster.Spec.GPUPools {
			for profile := range pool.MIG {
				hard[migResource(profile)] = count(0)
			}
		}
	}
	for profile, instances := range grant.MIG {
		hard[migResource(profile)] = count(instances)
	}
	return resourceQuota(p.Tenant, "grant", corev1.ResourceQuotaSpec{Hard: hard})
}

// migResource is the quota's name for instances of a MIG profile. A quota bounds
// requests of extended resources only: their limits cannot differ.
func migResource(profile string) corev1.ResourceName {
	return corev1.ResourceName("requests.nvidia.com/mig-" + profile)
}

// claimsGranted is a volume for every model that the tier allows, and one for its
// canary; none where no storage was granted, and where there is no cluster.
func claimsGranted(p *fleet.Placement) int {
	if p.Tenant.Spec.Quota.Storage.IsZero() {
		return 0
	}
	return 2 * p.Tier().Models
}

// podsGranted bounds the pods, which take addresses of the subnets and room in
// etcd whatever they request: every model that the tier allows, at the
// environment's most replicas, and as many again while all of them roll. 0 where
// there is no cluster.
func podsGranted(p *fleet.Placement) int {
	if p.Cluster == nil {
		return 0
	}
	return 2 * p.Tier().Models * p.Cluster.Environment.Spec.Limits.Replicas
}
