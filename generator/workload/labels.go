package workload

import "github.com/mlfleet/mlfleet/generator/fleet"

// The labels by which people and policies find objects. There is no
// app.kubernetes.io/instance: it belongs to Argo CD's label tracking.
const (
	LabelName      = "app.kubernetes.io/name"
	LabelVersion   = "app.kubernetes.io/version"
	LabelComponent = "app.kubernetes.io/component"
	LabelPartOf    = "app.kubernetes.io/part-of"
	LabelManagedBy = "app.kubernetes.io/managed-by"

	LabelTenant      = "mlfleet.dev/tenant"
	LabelModel       = "mlfleet.dev/model"
	LabelCluster     = "mlfleet.dev/cluster"
	LabelRegion      = "mlfleet.dev/region"
	LabelEnvironment = "mlfleet.dev/environment"

	// LabelGPUClass is on every node of a GPU pool, set by whoever makes the nodes.
	LabelGPUClass = "mlfleet.dev/gpu-class"
	// LabelGPUSharing is on the nodes of a pool whose GPUs are shared: mps or time-slicing.
	LabelGPUSharing = "mlfleet.dev/gpu-sharing"
	// TaintTenant keeps other tenants' pods off nodes that are dedicated to one.
	TaintTenant = "mlfleet.dev/tenant"
)

// Components, the values of LabelComponent.
const (
	ComponentGuardrails = "guardrails"
	ComponentModel      = "model"
	ComponentPlatform   = "platform"
)

const managedBy = "mlfleet"

// tenantLabels are on everything that belongs to a tenant.
func tenantLabels(t *fleet.Tenant, component string) map[string]string {
	return map[string]string{
		LabelPartOf:    t.Name,
		LabelManagedBy: managedBy,
		LabelComponent: component,
		LabelTenant:    t.Name,
	}
}

// modelLabels are on everything that belongs to a model.
func modelLabels(t *fleet.Tenant, m *fleet.Model) map[string]string {
	labels := tenantLabels(t, ComponentModel)
	labels[LabelName] = m.Name
	labels[LabelVersion] = m.Spec.Version
	labels[LabelModel] = m.Name
	return labels
}

// modelSelector selects a model's pods. It never changes in a model's life: a
// Deployment's selector is immutable.
func modelSelector(t *fleet.Tenant, m *fleet.Model) map[string]string {
	return map[string]string{LabelTenant: t.Name, LabelModel: m.Name}
}
