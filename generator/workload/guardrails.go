package workload

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// ModelsServiceAccount is the ServiceAccount that every model of a tenant runs as.
const ModelsServiceAccount = "models"

// Files of the guardrails, by what a reader wants to see together.
const (
	fileNamespace       = "namespace.yaml"
	fileServiceAccounts = "serviceaccounts.yaml"
	fileRBAC            = "rbac.yaml"
	fileQuota           = "quota.yaml"
	fileLimits          = "limits.yaml"
	fileNetworkPolicies = "networkpolicies.yaml"
)

// Sync waves of the guardrails. A pod cannot be admitted before the ServiceAccount
// that it names exists, so the models' one comes after everything that bounds them:
// no model starts inside half a fence, even when Argo CD syncs models and guardrails
// at the same time.
const (
	waveNamespace = -1
	waveFence     = 0
	waveModels    = 1
)

const (
	annotationSyncWave    = "argocd.argoproj.io/sync-wave"
	annotationSyncOptions = "argocd.argoproj.io/sync-options"
	// annotationPurpose says in a sentence what a grant is for, where an auditor
	// who lists the grants of a cluster reads it.
	annotationPurpose = "mlfleet.dev/purpose"
)

// Guardrails are the fence around a tenant in one cluster: all that bounds its
// models and none of what runs. The order is fixed, and so is the set of objects:
// it depends on the tenant alone, never on the cluster.
//
// Where p has no cluster, whatever only a cluster knows is closed: no way in or out
// to an address, no pods, no role. A base that somebody applied by mistake would
// let nothing run.
func Guardrails(p *fleet.Placement) []Object {
	objects := []Object{
		{fileNamespace, namespace(p)},
		{fileServiceAccounts, defaultServiceAccount(p)},
		{fileServiceAccounts, modelsServiceAccount(p)},
		{fileRBAC, modelsRole(p)},
		{fileRBAC, modelsRoleBinding(p)},
		{fileRBAC, ownersRole(p)},
		{fileRBAC, ownersRoleBinding(p)},
		{fileQuota, grantQuota(p)},
		{fileQuota, priorityQuota(p)},
		{fileQuota, affinityQuota(p)},
		{fileLimits, containerLimits(p)},
		{fileLimits, podLimits(p)},
		{fileNetworkPolicies, denyAll(p)},
		{fileNetworkPolicies, allowDNS(p)},
		{fileNetworkPolicies, allowGateway(p)},
		{fileNetworkPolicies, allowPrometheus(p)},
		{fileNetworkPolicies, allowObjectStore(p)},
		{fileNetworkPolicies, allowCredentials(p)},
	}
	for _, egress := range p.Tenant.Spec.Allow.Egress {
		objects = append(objects, Object{fileNetworkPolicies, allowEgress(p, egress)})
	}
	return objects
}

// guardrailMeta is the metadata of a guardrail inside the tenant's namespace.
func guardrailMeta(t *fleet.Tenant, name string, wave int) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:        name,
		Namespace:   t.Namespace(),
		Labels:      tenantLabels(t, ComponentGuardrails),
		Annotations: map[string]string{annotationSyncWave: strconv.Itoa(wave)},
	}
}
