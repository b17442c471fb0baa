package workload

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Models builds what runs inside a tenant's fence, model by model in the
// placement's order, each in a folder of the model's name. Always the same kinds
// in the same order; only the autoscaler is missing where the number of replicas is
// fixed.
//
// For a Base (p.Cluster is nil) the same functions leave out what only a cluster
// knows, and only as leaves and map entries: base and final objects keep their
// lists in one shape, because Kustomize's merge reorders lists that differ.
//
// Container images are the names of pins; the overlay's images field turns them
// into digests.
func Models(p *fleet.Placement) []Object {
	var objects []Object
	for _, m := range p.Models {
		add := func(file string, value any) {
			objects = append(objects, Object{File: m.Name + "/" + file, Value: value})
		}
		add("deployment.yaml", deployment(p, m))
		add("service.yaml", service(p, m))
		add("configmap.yaml", configMap(p, m))
		if !m.Spec.Replicas.Fixed() {
			add("autoscaling.yaml", horizontalPodAutoscaler(p, m))
		}
		add("disruption.yaml", podDisruptionBudget(p, m))
		add("monitoring.yaml", serviceMonitor(p, m))
	}
	return objects
}

// modelMeta names an object of a model: every one of them has the model's name,
// so that a reader who knows the model can type the rest.
func modelMeta(p *fleet.Placement, m *fleet.Model) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Name:      m.Name,
		Namespace: p.Tenant.Namespace(),
		Labels:    modelLabels(p.Tenant, m),
	}
}
