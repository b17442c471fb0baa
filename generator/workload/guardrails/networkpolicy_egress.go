package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// AllowEgress opens the ways out that the platform granted the tenant, in each of
// its clusters alike.
func AllowEgress(p *fleet.Placement) []*networkingv1.NetworkPolicy {
	var policies []*networkingv1.NetworkPolicy
	for _, egress := range p.Tenant.Spec.Allow.Egress {
		policy := egressPolicy(p.Tenant, "allow-egress-"+egress.Name,
			"a way out that the tenant was granted: "+egress.Name, addresses(egress.CIDRs...), egress.Port)
		policy.Labels[object.LabelEgress] = "true"
		policies = append(policies, policy)
	}
	return policies
}
