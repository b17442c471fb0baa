package scaling

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ModelRecommender has the VerticalPodAutoscaler say what CPU and memory the server
// would need, where the cluster runs its recommender. Nobody applies it: an owner
// reads it and writes it into the model's file. A resource by which the model is
// scaled is left out, because its use follows the number of replicas and not the
// other way round; with both there is nothing to recommend.
func ModelRecommender(p *fleet.Placement, m *fleet.Model) *VerticalPodAutoscaler {
	resources := recommended(m)
	if p.Cluster == nil || !p.Cluster.Spec.Scaling.VPA || len(resources) == 0 {
		return nil
	}
	return &VerticalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling.k8s.io/v1", Kind: "VerticalPodAutoscaler"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec: VPASpec{
			TargetRef:    ScaleTarget{APIVersion: "apps/v1", Kind: "Deployment", Name: m.Name},
			UpdatePolicy: VPAUpdatePolicy{UpdateMode: "Off"},
			ResourcePolicy: VPAResourcePolicy{ContainerPolicies: []VPAContainerPolicy{
				{ContainerName: contract.ServerContainer, ControlledResources: resources},
				{ContainerName: "*", Mode: "Off"},
			}},
		},
	}
}

// recommended are the resources that no autoscaler of replicas looks at.
func recommended(m *fleet.Model) []string {
	var metrics []fleet.ScalingMetric
	if !m.Spec.Replicas.Fixed() {
		metrics = m.Spec.Scaling.Metrics()
	}
	var out []string
	for _, resource := range []string{fleet.CPUUtilization, fleet.MemoryUtilization} { // Kubernetes calls them so too
		if !slices.ContainsFunc(metrics, func(s fleet.ScalingMetric) bool { return s.Metric == resource }) {
			out = append(out, resource)
		}
	}
	return out
}
