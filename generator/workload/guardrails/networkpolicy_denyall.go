package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// DenyAll closes the namespace both ways; the other policies open it by name.
func DenyAll(p *fleet.Placement) *networkingv1.NetworkPolicy {
	return networkPolicy(p.Tenant, "default-deny",
		"denies what no other policy of the namespace allows",
		networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress)
}
