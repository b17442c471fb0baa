package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// AllowGateway lets the cluster's ingress reach the exposed models: the pods of the
// gateway's namespace, or the subnets of a load balancer that talks to pods
// directly (target type "ip").
func AllowGateway(p *fleet.Placement) *networkingv1.NetworkPolicy {
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
		map[string]string{object.LabelExposed: "true"}, peers, contract.PortHTTP, contract.PortGRPC)
}
