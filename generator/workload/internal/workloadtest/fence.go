package workloadtest

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Policies are all network policies among objects, by name.
func Policies(objects []object.Object) map[string]*networkingv1.NetworkPolicy {
	out := map[string]*networkingv1.NetworkPolicy{}
	for _, o := range objects {
		if policy, ok := o.Value.(*networkingv1.NetworkPolicy); ok {
			out[policy.Name] = policy
		}
	}
	return out
}

// Admits says whether a quota without pods lets a pod of a PriorityClass in. It
// matches as Kubernetes does (pkg/quota/v1/evaluator/core/pods.go): the scope is a
// label selector over {PriorityClass: name}, or over nothing for a pod without one.
func Admits(t testing.TB, quota *corev1.ResourceQuota, priorityClass string) bool {
	t.Helper()
	if pods := quota.Spec.Hard[corev1.ResourcePods]; len(quota.Spec.Hard) != 1 || !pods.IsZero() {
		t.Fatalf("quota %s does not forbid pods: %v", quota.Name, quota.Spec.Hard)
	}
	scope := quota.Spec.ScopeSelector.MatchExpressions[0]
	operator := selection.Operator(strings.ToLower(string(scope.Operator)))
	requirement, err := labels.NewRequirement(string(scope.ScopeName), operator, scope.Values)
	if err != nil {
		t.Fatal(err)
	}
	pod := labels.Set{}
	if priorityClass != "" {
		pod[string(corev1.ResourceQuotaScopePriorityClass)] = priorityClass
	}
	return !labels.NewSelector().Add(*requirement).Matches(pod)
}
