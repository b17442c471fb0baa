package serving

import (
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// PodDisruptionBudget lets a node drain take one replica at a time. It counts what
// may be missing, not what must stay: "one must stay" would block the drain under a
// single replica for ever. AlwaysAllow does the same for replicas that never
// became ready, which would otherwise use the budget up.
func PodDisruptionBudget(p *fleet.Placement, m *fleet.Model) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{
		TypeMeta:   metav1.TypeMeta{APIVersion: "policy/v1", Kind: "PodDisruptionBudget"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec: policyv1.PodDisruptionBudgetSpec{
			MaxUnavailable:             new(intstr.FromInt32(1)),
			Selector:                   &metav1.LabelSelector{MatchLabels: object.ModelSelector(p.Tenant, m)},
			UnhealthyPodEvictionPolicy: new(policyv1.AlwaysAllow),
		},
	}
}
