package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ownersReadRole is the Role by which a tenant's owners see what runs.
const ownersReadRole = "owners-read"

// ModelsRole grants the models nothing. The kubelet, not the pod, reads the
// ConfigMaps and projects the tokens that a model needs, so there is no request to
// Kubernetes' API left to allow. The Role stands all the same: it is the one place
// where a right of the models would have to appear, and the answer to an auditor's
// "what may they do?".
func ModelsRole(p *fleet.Placement) *rbacv1.Role {
	return role(p.Tenant, object.ModelsServiceAccount, object.GranteeModels,
		"what the models may ask of the Kubernetes API: nothing",
		[]rbacv1.PolicyRule{}) // not nil: rules is a required list
}

// OwnersRole lets the owners see what their models do and what bounds them. It
// holds no verb that changes anything (changes go through Git), no exec or port
// forward (both reach into a running model), and no secrets.
func OwnersRole(p *fleet.Placement) *rbacv1.Role {
	return role(p.Tenant, ownersReadRole, object.GranteeOwners,
		"lets the tenant's owners see what runs and what bounds it, without changing it or reading secrets",
		[]rbacv1.PolicyRule{
			readable(corev1.GroupName, "configmaps", "events", "limitranges", "persistentvolumeclaims", "pods", "resourcequotas", "serviceaccounts", "services"),
			{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods/log"}, Verbs: []string{"get"}},
			readable("apps", "deployments", "replicasets"),
			readable("autoscaling", "horizontalpodautoscalers"),
			readable("autoscaling.k8s.io", "verticalpodautoscalers"), // whose recommendation is for them
			readable("discovery.k8s.io", "endpointslices"),
			readable("events.k8s.io", "events"),
			readable("external-secrets.io", "externalsecrets"), // which names are wanted, and whether they were found
			readable("externaldns.k8s.io", "dnsendpoints"),
			readable("gateway.networking.k8s.io", "httproutes"),
			readable("keda.sh", "scaledobjects"),
			readable("metrics.k8s.io", "pods"),
			readable("monitoring.coreos.com", "alertmanagerconfigs", "prometheusrules", "servicemonitors"),
			readable("networking.istio.io", "destinationrules", "virtualservices"),
			readable("networking.k8s.io", "ingresses", "networkpolicies"),
			readable("policy", "poddisruptionbudgets"),
		})
}

func role(t *fleet.Tenant, name, grantee, purpose string, rules []rbacv1.PolicyRule) *rbacv1.Role {
	meta := object.GuardrailMeta(t, name, object.WaveFence)
	meta.Labels[object.LabelGrantee] = grantee
	meta.Annotations[object.AnnotationPurpose] = purpose
	return &rbacv1.Role{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "Role"},
		ObjectMeta: meta,
		Rules:      rules,
	}
}

// readable lets somebody read resources of an API group, one by one and as lists.
func readable(group string, resources ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		APIGroups: []string{group},
		Resources: resources,
		Verbs:     []string{"get", "list", "watch"},
	}
}
