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
)

// ModelsServiceAccount is who the models are. They never talk to Kubernetes' API,
// so no token for it is mounted; the token that IRSA and Pod Identity exchange for
// AWS credentials is another one, which their webhook mounts in any case.
func ModelsServiceAccount(p *fleet.Placement) *corev1.ServiceAccount {
	sa := serviceAccount(p.Tenant, object.ModelsServiceAccount, object.GranteeModels, object.WaveModels)
	if p.Cluster == nil {
		return sa
	}
	takeRole(sa, p.Cluster, fleet.RoleARN(p.Tenant, p.Cluster))
	return sa
}

// SecretsServiceAccount is as whom the external-secrets operator reads the tenant's
// secrets; nil where the cluster has no store, and in a Base. No pod runs as it: what
// is read as the models' own account could be read by every pod that has the models'
// credentials, whatever its model asked for.
//
// With Pod Identity the operator takes the role itself, and the account is there for
// auditors alone; with Vault there is no role.
func SecretsServiceAccount(p *fleet.Placement) *corev1.ServiceAccount {
	if p.Cluster == nil || p.Cluster.Spec.Secrets == nil {
		return nil
	}
	sa := serviceAccount(p.Tenant, object.SecretsServiceAccount, object.GranteeSecrets, object.WaveFence)
	sa.Annotations[object.AnnotationPurpose] = "as whom the external-secrets operator reads the tenant's secrets; no pod runs as it"
	if p.Cluster.Spec.Secrets.Store == fleet.AWSSecretsManager {
		takeRole(sa, p.Cluster, fleet.SecretsRoleARN(p.Tenant, p.Cluster))
	}
	return sa
}

// takeRole ties an account to an IAM role, as far as that is done in the cluster:
// beside an association of Pod Identity, IRSA's annotations would set up IRSA.
func takeRole(sa *corev1.ServiceAccount, c *fleet.Cluster, role string) {
	sa.Annotations[object.AnnotationIAMRole] = role
	if c.Spec.Identity == fleet.IRSA {
		sa.Annotations[annotationIRSARole] = role
		sa.Annotations[annotationIRSARegional] = "true"
	}
}

// DefaultServiceAccount takes over the account that Kubernetes makes in every
// namespace, to leave it without a token: a pod that names no account gets nothing
// (CIS Kubernetes Benchmark, "Ensure that default service accounts are not
// actively used").
func DefaultServiceAccount(p *fleet.Placement) *corev1.ServiceAccount {
	return serviceAccount(p.Tenant, "default", object.GranteeNobody, object.WaveFence)
}

func serviceAccount(t *fleet.Tenant, name, grantee string, wave int) *corev1.ServiceAccount {
	meta := object.GuardrailMeta(t, name, wave)
	meta.Labels[object.LabelGrantee] = grantee
	return &corev1.ServiceAccount{
		TypeMeta:                     metav1.TypeMeta{APIVersion: "v1", Kind: "ServiceAccount"},
		ObjectMeta:                   meta,
		AutomountServiceAccountToken: new(false),
	}
}
