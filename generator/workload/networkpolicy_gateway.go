package workload

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// LabelExposed is "true" on the pods of a model that the cluster's ingress may
// reach, and on no others: the network policy allow-gateway selects it. It stands
// on the pods, rather than the models' names in the policy, so that exposing a
// model changes the model and not the fence around it.
const LabelExposed = "mlfleet.dev/exposed"

// allowGateway lets the cluster's ingress reach the exposed models: the pods of the
// gateway's namespace, or the subnets of a load balancer that talks to pods
// directly (target type "ip").
func allowGateway(p *fleet.Placement) *networkingv1.NetworkPolicy {
	var peers []networkingv1.NetworkPolicyPeer
	if p.Cluster != nil {
		ingress := p.Cluster.Spec.Ingress
		peers = addresses(ingress.CIDRs...)
		if ingress.Namespace != "" {
			peers = append(peers, podsIn(ingress.Namespace, nil))
		}
	}
	return ingressPolicy(p.Tenant, "allow-gateway",
		"lets the cluster's ingress send requests to exposed models",
		map[string]string{LabelExposed: "true"}, peers, PortHTTP, PortGRPC)
}
