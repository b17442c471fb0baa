package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AllowObjectStore lets the pods fetch their models. Kubernetes' policies know
// addresses and no names, so the cluster's inputs say which ones are the store's:
// those of a VPC endpoint, best.
func AllowObjectStore(p *fleet.Placement) *networkingv1.NetworkPolicy {
	var peers []networkingv1.NetworkPolicyPeer
	if p.Cluster != nil {
		peers = addresses(p.Cluster.Spec.Endpoints.ObjectStore...)
	}
	return egressPolicy(p.Tenant, "allow-object-store",
		"lets pods download model artifacts", peers, portHTTPS)
}
