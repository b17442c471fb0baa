package workload

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/observing"
	"github.com/mlfleet/mlfleet/generator/workload/scaling"
	"github.com/mlfleet/mlfleet/generator/workload/secrets"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
	"github.com/mlfleet/mlfleet/generator/workload/storage"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

// Models builds what runs inside a tenant's fence, below
// golden/tenants/<tenant>/models/base: first what its models have in common, then
// model by model, in the placement's order, each in a folder of the model's name. A
// model's canary has all that a model has, in a folder of its own.
// A placement without models has none of it: there is no Application that would
// sync it.
//
// For a Base (p.Cluster is nil) the same functions leave out what only a cluster
// knows, and only as leaves and map entries: base and final objects keep their
// lists in one shape, because Kustomize's merge reorders lists that differ.
//
// Container images are the names of pins; the overlay's images field turns them
// into digests.
func Models(p *fleet.Placement) []object.Object {
	if len(p.Models) == 0 {
		return nil
	}
	objects := ofAllModels(p)
	for _, m := range p.Servers() {
		for _, o := range ofModel(p, m) {
			o.File = m.Name + "/" + o.File
			objects = append(objects, o)
		}
	}
	return objects
}

// ofAllModels lists what a tenant has once in a cluster for all of its models. The
// files stand beside the models' folders.
func ofAllModels(p *fleet.Placement) []object.Object {
	return slices.Concat(
		object.At("dashboard.yaml", observing.Dashboard(p)),
		object.At("routing.yaml", observing.Routing(p)),
		object.At("object-store.yaml", secrets.ObjectStoreCredentials(p)),
	)
}

// ofModel lists what a model is made of.
func ofModel(p *fleet.Placement, m *fleet.Model) []object.Object {
	return slices.Concat(
		object.At("deployment.yaml", serving.Deployment(p, m)),
		object.At("service.yaml", serving.Service(p, m)),
		object.At("configmap.yaml", serving.ConfigMap(p, m)),

		object.At("secrets.yaml", secrets.ModelSecrets(p, m)),
		object.At("storage.yaml", storage.Claim(p, m)),

		object.At("autoscaling.yaml", scaling.ModelScaler(p, m)),
		object.At("autoscaling.yaml", scaling.HorizontalPodAutoscaler(p, m)),
		object.At("recommendation.yaml", scaling.ModelRecommender(p, m)),

		object.At("disruption.yaml", serving.PodDisruptionBudget(p, m)),

		object.At("monitoring.yaml", observing.ModelMonitor(p, m)),
		object.At("alerts.yaml", observing.ModelAlerts(p, m)),
		object.At("alerts.yaml", observing.ModelGPUAlerts(p, m)),
		object.At("objectives.yaml", observing.ModelObjectives(p, m)),

		object.At("route.yaml", traffic.ModelRoute(p, m)),
		object.At("route.yaml", traffic.ModelIngress(p, m)),
		object.At("route.yaml", traffic.IstioModelRoute(p, m)),
		object.At("route.yaml", traffic.ModelBalancing(p, m)),
		object.At("dns.yaml", traffic.DNSRecords(p, m)),
	)
}
