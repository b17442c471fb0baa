package guardrails

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// What a label cannot say, because it is free text or a list.
const (
	annotationDisplayName = "mlfleet.dev/display-name"
	annotationOwners      = "mlfleet.dev/owners"
	annotationContacts    = "mlfleet.dev/contacts"
	// annotationAgreement is the input file in which the platform agreed to all of it:
	// Git's history of that file says who did, and when.
	annotationAgreement = "mlfleet.dev/agreement"
	// annotationAllowances are the tenant's rights beyond serving, in words.
	annotationAllowances = "mlfleet.dev/allowances"
	// annotationSecrets is what the names of all of the tenant's secrets begin with, in
	// the store that the cluster reads them from.
	annotationSecrets = "mlfleet.dev/secrets"
)

// Pod Security Standards: the profile that enforcement, audit log and warnings use.
const (
	podSecurityProfile = "restricted"
	podSecurityLatest  = "latest"
	podSecurityPrefix  = "pod-security.kubernetes.io/"
)

// labelReadinessGates has the AWS load balancer controller add to pods of the namespace
// that they are ready when their target is healthy (its guide, "Pod readiness gate").
// Without, a rolling update ends the old pods when the new ones are ready, which a load
// balancer that sends straight to pods learns some health checks later.
const labelReadinessGates = "elbv2.k8s.aws/pod-readiness-gate-inject"

// Namespace is the tenant's namespace. Deleting it deletes everything the tenant
// runs, so Argo CD asks a person first, whether it would prune or delete.
func Namespace(p *fleet.Placement) *corev1.Namespace {
	t := p.Tenant
	labels := object.GuardrailLabels(t)
	if t.Spec.Allow.Public {
		labels[object.LabelPublic] = "true"
	}
	if len(t.Spec.Allow.Egress) > 0 {
		labels[object.LabelEgress] = "true"
	}
	if p.Cluster != nil && p.Cluster.Spec.Ingress.LoadBalanced() {
		labels[labelReadinessGates] = "enabled"
	}
	maps.Copy(labels, podSecurityLabels(p.Cluster))

	return &corev1.Namespace{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"},
		ObjectMeta: metav1.ObjectMeta{Name: t.Namespace(), Labels: labels, Annotations: agreement(p)},
	}
}

// agreement is what was agreed with the tenant, for auditors to read.
func agreement(p *fleet.Placement) map[string]string {
	t := p.Tenant
	var groups, contacts []string
	for _, owner := range t.Spec.Owners {
		groups = append(groups, owner.Group)
		contacts = append(contacts, owner.Contact)
	}
	annotations := map[string]string{
		object.AnnotationSyncWave:    strconv.Itoa(object.WaveNamespace),
		object.AnnotationSyncOptions: object.ConfirmDeletion,
		annotationDisplayName:        t.Spec.DisplayName,
		annotationOwners:             strings.Join(groups, ", "),
		annotationContacts:           strings.Join(contacts, ", "),
		annotationAgreement:          t.File,
		annotationAllowances:         allowances(t.Spec.Allow),
	}
	if p.Cluster != nil && p.Cluster.Spec.Secrets != nil {
		annotations[annotationSecrets] = string(p.Cluster.Spec.Secrets.Store) + ": " + p.SecretPrefix()
	}
	return annotations
}

// allowances are a tenant's rights beyond serving, in words.
func allowances(a fleet.Allow) string {
	var words []string
	if a.Public {
		words = append(words, "public models")
	}
	for _, way := range a.Egress {
		words = append(words, fmt.Sprintf("egress to %s (%s, port %d)", way.Name, strings.Join(way.CIDRs, ", "), way.Port))
	}
	if words == nil {
		return "none"
	}
	return strings.Join(words, "; ")
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
