package workload

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// allowEgress opens one way out that the platform granted the tenant, in each of
// its clusters alike.
func allowEgress(p *fleet.Placement, egress fleet.Egress) *networkingv1.NetworkPolicy {
	return egressPolicy(p.Tenant, "allow-egress-"+egress.Name,
		"a way out that the tenant was granted: "+egress.Name, addresses(egress.CIDRs...), egress.Port)
}
