package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AllowTraces lets the pods send traces to the cluster's collector, where it has one. The
// policy names the collector's namespace and port, and not its pods: their labels are the
// collector's own affair.
func AllowTraces(p *fleet.Placement) *networkingv1.NetworkPolicy {
	var peers []networkingv1.NetworkPolicyPeer
	if p.Cluster != nil && p.Cluster.Spec.Observability.Traces != nil {
		peers = append(peers, podsIn(p.Cluster.Spec.Observability.Traces.Namespace, nil))
	}
	return egressPolicy(p.Tenant, "allow-traces", "lets pods send traces to the cluster's collector", peers, fleet.PortOTLP)
}
