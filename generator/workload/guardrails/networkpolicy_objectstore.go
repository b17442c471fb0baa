package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AllowObjectStore lets the pods fetch their models. Kubernetes' policies know
// addresses and no names, so the cluster's inputs say which ones are the store's:
// those of a VPC endpoint, best. A store inside the cluster (MinIO, say) is the pods of
// a namespace, at the port of its endpoint: policies are applied to the pods' own
// ports, so its Service has to have the same.
func AllowObjectStore(p *fleet.Placement) *networkingv1.NetworkPolicy {
	const name, purpose = "allow-object-store", "lets pods download model artifacts"
	if p.Cluster == nil {
		return egressPolicy(p.Tenant, name, purpose, nil)
	}
	peers, port := addresses(p.Cluster.Spec.Endpoints.ObjectStore...), portHTTPS
	if store := p.Cluster.Spec.ObjectStore; store != nil {
		port = store.Port()
		if store.Namespace != "" {
			peers = append(peers, podsIn(store.Namespace, nil))
		}
	}
	return egressPolicy(p.Tenant, name, purpose, peers, port)
}
