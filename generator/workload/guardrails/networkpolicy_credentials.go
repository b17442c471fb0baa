package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// podIdentityAgent is the node's EKS Pod Identity Agent (EKS user guide, "Set up the
// Amazon EKS Pod Identity Agent"). Its IPv6 address is used in IPv6 clusters only,
// which the fleet does not describe.
const (
	podIdentityAgent           = "169.254.170.23/32"
	podIdentityAgentPort int32 = 80
)

// AllowCredentials lets the pods get AWS credentials: from the region's STS with
// IRSA, from the agent on their node with Pod Identity, and never from both.
func AllowCredentials(p *fleet.Placement) *networkingv1.NetworkPolicy {
	const name, purpose = "allow-aws-credentials", "lets pods get the credentials of the tenant's IAM role"
	if p.Cluster == nil {
		return egressPolicy(p.Tenant, name, purpose, nil)
	}
	if p.Cluster.Spec.Identity == fleet.PodIdentity {
		return egressPolicy(p.Tenant, name, purpose, addresses(podIdentityAgent), podIdentityAgentPort)
	}
	return egressPolicy(p.Tenant, name, purpose, addresses(p.Cluster.Spec.Endpoints.STS...), portHTTPS)
}
