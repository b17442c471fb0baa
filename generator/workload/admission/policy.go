package admission

import (
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// policy is a policy about objects of some kinds, which has to be bound to take
// effect. The variables pod, containers and all are there for its expressions.
func policy(name, purpose string, kinds []admissionv1.NamedRuleWithOperations, variables []admissionv1.Variable, validations ...admissionv1.Validation) *admissionv1.ValidatingAdmissionPolicy {
	meta := object.PlatformMeta(name)
	meta.Annotations = map[string]string{object.AnnotationPurpose: purpose}
	return &admissionv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: meta,
		Spec: admissionv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: new(admissionv1.Fail),
			MatchConstraints: &admissionv1.MatchResources{
				MatchPolicy:   new(admissionv1.Equivalent),
				ResourceRules: kinds,
			},
			MatchConditions: []admissionv1.MatchCondition{{Name: "spec-changes", Expression: specChanges}},
			Variables:       slices.Concat(podVariables(), variables),
			Validations:     validations,
		},
	}
}

// Bindings put all policies in force in tenants' namespaces. What they refuse is also
// noted in the audit log.
func Bindings() []*admissionv1.ValidatingAdmissionPolicyBinding {
	var bindings []*admissionv1.ValidatingAdmissionPolicyBinding
	for _, p := range []*admissionv1.ValidatingAdmissionPolicy{ImageDigests(), ResourceRequests(), Probes(), NoHostAccess()} {
		bindings = append(bindings, &admissionv1.ValidatingAdmissionPolicyBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "ValidatingAdmissionPolicyBinding"},
			ObjectMeta: object.PlatformMeta(p.Name),
			Spec: admissionv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName:        p.Name,
				ValidationActions: []admissionv1.ValidationAction{admissionv1.Deny, admissionv1.Audit},
				MatchResources: &admissionv1.MatchResources{
					MatchPolicy: new(admissionv1.Equivalent),
					NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
						{Key: object.LabelTenant, Operator: metav1.LabelSelectorOpExists},
					}},
				},
			},
		})
	}
	return bindings
}

// pods are the pods themselves, with the subresource by which ephemeral containers
// are added to them.
func pods() admissionv1.NamedRuleWithOperations {
	return kinds("", "pods", "pods/ephemeralcontainers")
}

// servers are the controllers that keep pods running.
func servers() []admissionv1.NamedRuleWithOperations {
	return []admissionv1.NamedRuleWithOperations{
		kinds("", "replicationcontrollers"),
		kinds("apps", "daemonsets", "deployments", "replicasets", "statefulsets"),
	}
}

// everyPod is every way to a pod: by itself, or through a controller.
func everyPod() []admissionv1.NamedRuleWithOperations {
	return slices.Concat([]admissionv1.NamedRuleWithOperations{pods()}, servers(), []admissionv1.NamedRuleWithOperations{
		kinds("batch", "cronjobs", "jobs"),
	})
}

func kinds(group string, resources ...string) admissionv1.NamedRuleWithOperations {
	return admissionv1.NamedRuleWithOperations{RuleWithOperations: admissionv1.RuleWithOperations{
		Operations: []admissionv1.OperationType{admissionv1.Create, admissionv1.Update},
		Rule: admissionv1.Rule{
			APIGroups: []string{group}, APIVersions: []string{"v1"}, Resources: resources,
			Scope: new(admissionv1.NamespacedScope),
		},
	}}
}
