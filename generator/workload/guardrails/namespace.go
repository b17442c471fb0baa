package guardrails

import (
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// The labels of a namespace by which people add up cost and find who answers for it.
const (
	LabelOwner      = "mlfleet.dev/owner"
	LabelCostCenter = "mlfleet.dev/cost-center"
)

// What a label cannot say, because it is free text or a list.
const (
	annotationDisplayName = "mlfleet.dev/display-name"
	annotationOwners      = "mlfleet.dev/owners"
	annotationContacts    = "mlfleet.dev/contacts"
)

// Pod Security Standards: the profile that enforcement, audit log and warnings use.
const (
	podSecurityProfile = "restricted"
	podSecurityLatest  = "latest"
	podSecurityPrefix  = "pod-security.kubernetes.io/"
)

// Namespace is the tenant's namespace. Deleting it deletes everything the tenant
// runs, so Argo CD asks a person first, whether it would prune or delete.
func Namespace(p *fleet.Placement) *corev1.Namespace {
	t := p.Tenant
	labels := object.TenantLabels(t, object.ComponentGuardrails)
	labels[LabelOwner] = t.Group()
	labels[object.LabelTier] = t.Spec.Tier
	labels[LabelCostCenter] = t.Spec.CostCenter
	if t.Spec.Allow.Public {
		labels[object.LabelPublic] = "true"
	}
	maps.Copy(labels, podSecurityLabels(p.Cluster))

	var groups, contacts []string
	for _, owner := range t.Spec.Owners {
		groups = append(groups, owner.Group)
		contacts = append(contacts, owner.Contact)
	}
	return &corev1.Namespace{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{
			Name:   t.Namespace(),
			Labels: labels,
			Annotations: map[string]string{
				object.AnnotationSyncWave:    strconv.Itoa(object.WaveNamespace),
				object.AnnotationSyncOptions: "Prune=confirm,Delete=confirm",
				annotationDisplayName:        t.Spec.DisplayName,
				annotationOwners:             strings.Join(groups, ", "),
				annotationContacts:           strings.Join(contacts, ", "),
			},
		},
	}
}

// podSecurityLabels enforce the profile in the version of the cluster, and audit
// and warn by the latest. So a control plane that is upgraded ahead of the fleet's
// inputs refuses no pod that it let in the day before; what the next version will
// refuse shows up as warnings first.
func podSecurityLabels(c *fleet.Cluster) map[string]string {
	enforced := podSecurityLatest
	if c != nil {
		enforced = "v" + c.Spec.Version
	}
	return map[string]string{
		podSecurityPrefix + "enforce":         podSecurityProfile,
		podSecurityPrefix + "enforce-version": enforced,
		podSecurityPrefix + "audit":           podSecurityProfile,
		podSecurityPrefix + "audit-version":   podSecurityLatest,
		podSecurityPrefix + "warn":            podSecurityProfile,
		podSecurityPrefix + "warn-version":    podSecurityLatest,
	}
}
