package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AllowDNS lets the pods resolve names: at CoreDNS, which keeps the label of
// kube-dns, and at the node-local cache where the cluster has one. The cache has an
// address of the node and no pod of its own that a policy could select.
func AllowDNS(p *fleet.Placement) *networkingv1.NetworkPolicy {
	peers := []networkingv1.NetworkPolicyPeer{podsIn("kube-system", map[string]string{"k8s-app": "kube-dns"})}
	if p.Cluster != nil && p.Cluster.Spec.Endpoints.NodeLocalDNS != "" {
		peers = append(peers, addresses(p.Cluster.Spec.Endpoints.NodeLocalDNS)...)
	}
	policy := networkPolicy(p.Tenant, "allow-dns", "lets pods resolve names", networkingv1.PolicyTypeEgress)
	policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{
		To: peers,
		Ports: []networkingv1.NetworkPolicyPort{
			policyPort(corev1.ProtocolUDP, 53),
			policyPort(corev1.ProtocolTCP, 53), // answers that do not fit a datagram
		},
	}}
	return policy
}
