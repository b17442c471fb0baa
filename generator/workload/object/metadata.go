package object

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Annotations that Argo CD and auditors read.
const (
	AnnotationSyncWave    = "argocd.argoproj.io/sync-wave"
	AnnotationSyncOptions = "argocd.argoproj.io/sync-options"
	// AnnotationPurpose says in a sentence what a grant is for, where an auditor
	// who lists the grants of a cluster reads it.
	AnnotationPurpose = "mlfleet.dev/purpose"
	// AnnotationIAMRole is the IAM role of a ServiceAccount, whichever way EKS ties them:
	// an association of Pod Identity lives outside the cluster's objects.
	AnnotationIAMRole = "mlfleet.dev/iam-role"
)

// ConfirmDeletion is the sync options that make Argo CD ask a person before it prunes or
// deletes the object.
const ConfirmDeletion = "Prune=confirm,Delete=confirm"

// Sync waves of the guardrails. A pod cannot be admitted before the ServiceAccount
// that it names exists, so the models' one comes after everything that bounds them:
// no model starts inside half a fence, even when Argo CD syncs models and guardrails
// at the same time.
const (
	WaveNamespace = -1
	WaveFence     = 0
	WaveModels    = 1
)

// The ServiceAccounts of a tenant.
const (
	// ModelsServiceAccount is the one that every model of a tenant runs as.
	ModelsServiceAccount = "models"
	// SecretsServiceAccount is the one as which the external-secrets operator reads the
	// tenant's secrets. No pod runs as it.
	SecretsServiceAccount = "secrets"
)

// ObjectStoreSecret is the Secret with a tenant's credentials for an object store that
// is not S3. The dot keeps it apart from the models' own Secrets, which have their names.
const ObjectStoreSecret = "object-store.credentials"

// GuardrailMeta is the metadata of a guardrail inside the tenant's namespace.
func GuardrailMeta(t *fleet.Tenant, name string, wave int) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:        name,
		Namespace:   t.Namespace(),
		Labels:      GuardrailLabels(t),
		Annotations: map[string]string{AnnotationSyncWave: strconv.Itoa(wave)},
	}
}

// ModelMeta names an object of a model: every one of them has the model's name,
// so that a reader who knows the model can type the rest.
func ModelMeta(p *fleet.Placement, m *fleet.Model) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:      m.Name,
		Namespace: p.Tenant.Namespace(),
		Labels:    ModelLabels(p.Tenant, m),
	}
}

// TenantMeta names an object that is about all models of a tenant.
func TenantMeta(p *fleet.Placement, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:      name,
		Namespace: p.Tenant.Namespace(),
		Labels:    TenantLabels(p.Tenant, ComponentModels),
	}
}

// PlatformMeta names an object that a cluster has once for all tenants.
func PlatformMeta(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Labels: PlatformLabels()}
}
