package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// The annotations that tie a ServiceAccount to an IAM role.
const (
	// annotationIRSARole is read by EKS' Pod Identity webhook (EKS user guide,
	// "Assign IAM roles to Kubernetes service accounts").
	annotationIRSARole = "eks.amazonaws.com/role-arn"
	// annotationIRSARegional makes SDKs ask the region's own STS endpoint, the only
	// one whose addresses the network policy allow-aws-credentials knows.
	annotationIRSARegional = "eks.amazonaws.com/sts-regional-endpoints"
	// annotationPodIdentityRole has no effect: the association of role and account
	// lives in EKS, outside the cluster's objects. It tells an auditor which role it is.
	annotationPodIdentityRole = "mlfleet.dev/pod-identity-role"
)

// ModelsServiceAccount is who the models are. They never talk to Kubernetes' API,
// so no token for it is mounted; the token that IRSA and Pod Identity exchange for
// AWS credentials is another one, which their webhook mounts in any case.
func ModelsServiceAccount(p *fleet.Placement) *corev1.ServiceAccount {
	sa := serviceAccount(p.Tenant, object.ModelsServiceAccount, object.WaveModels)
	if p.Cluster == nil {
		return sa
	}
	role := fleet.RoleARN(p.Tenant, p.Cluster)
	switch p.Cluster.Spec.Identity {
	case fleet.IRSA:
		sa.Annotations[annotationIRSARole] = role
		sa.Annotations[annotationIRSARegional] = "true"
	case fleet.PodIdentity:
		sa.Annotations[annotationPodIdentityRole] = role
	}
	return sa
}

// DefaultServiceAccount takes over the account that Kubernetes makes in every
// namespace, to leave it without a token: a pod that names no account gets nothing
// (CIS Kubernetes Benchmark, "Ensure that default service accounts are not
// actively used").
func DefaultServiceAccount(p *fleet.Placement) *corev1.ServiceAccount {
	return serviceAccount(p.Tenant, "default", object.WaveFence)
}

func serviceAccount(t *fleet.Tenant, name string, wave int) *corev1.ServiceAccount {
	return &corev1.ServiceAccount{
		TypeMeta:                     metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta:                   object.GuardrailMeta(t, name, wave),
		AutomountServiceAccountToken: new(false),
	}
}
