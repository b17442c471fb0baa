package admission

import (
	"testing"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/workload/guardrails"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func policies() []*admissionv1.ValidatingAdmissionPolicy {
	return []*admissionv1.ValidatingAdmissionPolicy{ImageDigests(), ResourceRequests(), Probes(), NoHostAccess()}
}

// What the policies say is judged by the API server's own code in tools/apiserver.
// Here: that each is in force, in tenants' namespaces and in no other.
func TestEveryPolicyIsInForceInTenantsNamespaces(t *testing.T) {
	bindings := map[string]*admissionv1.ValidatingAdmissionPolicyBinding{}
	for _, b := range Bindings() {
		bindings[b.Spec.PolicyName] = b
	}
	_, p, _ := workloadtest.Fixture(t)
	for _, policy := range policies() {
		b := bindings[policy.Name]
		if b == nil {
			t.Errorf("%s is not bound", policy.Name)
			continue
		}
		if b.Spec.ValidationActions[0] != admissionv1.Deny || *policy.Spec.FailurePolicy != admissionv1.Fail {
			t.Errorf("%s: %v on refusal, %v on failure", policy.Name, b.Spec.ValidationActions, *policy.Spec.FailurePolicy)
		}
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.MatchResources.NamespaceSelector)
		if err != nil {
			t.Fatal(err)
		}
		if !selector.Matches(labels.Set(guardrails.Namespace(p).Labels)) {
			t.Errorf("%s does not hold in a tenant's namespace", policy.Name)
		}
		if selector.Matches(labels.Set{"kubernetes.io/metadata.name": "kube-system"}) {
			t.Errorf("%s holds in kube-system", policy.Name)
		}
	}
	if len(bindings) != len(policies()) {
		t.Errorf("%d bindings of %d policies", len(bindings), len(policies()))
	}
}
