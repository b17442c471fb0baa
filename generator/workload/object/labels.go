package object

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

	// LabelExposed is "true" on the pods of a model that the cluster's ingress may
	// reach, and on no others: the network policy allow-gateway selects it. It stands
	// on the pods, rather than the models' names in the policy, so that exposing a
	// model changes the model and not the fence around it.
	LabelExposed = "mlfleet.dev/exposed"

	// LabelPublic is "true" on the namespaces of tenants whose models the internet may
	// reach: the public gateways take routes from those alone. It belongs to the fence,
	// so that no route can open the way by itself.
	LabelPublic = "mlfleet.dev/public"

	// LabelEgress is "true" on the namespaces of tenants that were granted ways out, and
	// on the network policies that open those.
	LabelEgress = "mlfleet.dev/egress"

	// LabelTier is the tenant's tier.
	LabelTier = "mlfleet.dev/tier"
	// LabelOwner is the first of the groups that answer for the tenant.
	LabelOwner = "mlfleet.dev/owner"
	// LabelCostCenter is who pays.
	LabelCostCenter = "mlfleet.dev/cost-center"

	// LabelGrantee is, on all that gives rights, whom it gives them to; see the Grantees.
	LabelGrantee = "mlfleet.dev/grantee"
	// LabelExposure is, on a model's Service, from where it is reached; see Exposure.
	LabelExposure = "mlfleet.dev/exposure"
)

// Grantees, the values of LabelGrantee.
const (
	GranteeOwners  = "owners"  // people: the groups that own the tenant
	GranteeModels  = "models"  // the models' pods
	GranteeSecrets = "secrets" // the external-secrets operator, on the tenant's behalf
	GranteeNobody  = "nobody"
)

// Exposure is from where a model is reached: public, internal (from the company's
// network) or none.
func Exposure(m *fleet.Model) string {
	switch {
	case m.Spec.Expose == nil:
		return "none"
	case m.Spec.Expose.Public:
		return "public"
	}
	return "internal"
}

// Components, the values of LabelComponent.
const (
	ComponentGuardrails = "guardrails"
	ComponentModel      = "model"  // of one model
	ComponentModels     = "models" // of all models of a tenant
	ComponentPlatform   = "platform"
)

// ManagedBy is the value of LabelManagedBy, and of LabelPartOf on the platform's objects.
const ManagedBy = "mlfleet"

// TenantLabels are on everything that belongs to a tenant.
func TenantLabels(t *fleet.Tenant, component string) map[string]string {
	return map[string]string{
		LabelPartOf:    t.Name,
		LabelManagedBy: ManagedBy,
		LabelComponent: component,
		LabelTenant:    t.Name,
	}
}

// GuardrailLabels are on everything that bounds a tenant: who answers for it, who pays
// and what it is entitled to, so that an auditor selects rights and limits by those.
func GuardrailLabels(t *fleet.Tenant) map[string]string {
	labels := TenantLabels(t, ComponentGuardrails)
	labels[LabelOwner] = t.Group()
	labels[LabelTier] = t.Spec.Tier
	labels[LabelCostCenter] = t.Spec.CostCenter
	return labels
}

// ModelLabels are on everything that belongs to a model.
func ModelLabels(t *fleet.Tenant, m *fleet.Model) map[string]string {
	labels := TenantLabels(t, ComponentModel)
	labels[LabelName] = m.Name
	labels[LabelVersion] = m.Spec.Version
	labels[LabelModel] = m.Name
	return labels
}

// ModelSelector selects a model's pods. It never changes in a model's life: a
// Deployment's selector is immutable.
func ModelSelector(t *fleet.Tenant, m *fleet.Model) map[string]string {
	return map[string]string{LabelTenant: t.Name, LabelModel: m.Name}
}

// PlatformLabels are on everything that a cluster has once for all tenants.
func PlatformLabels() map[string]string {
	return map[string]string{
		LabelPartOf:    ManagedBy,
		LabelManagedBy: ManagedBy,
		LabelComponent: ComponentPlatform,
	}
}

// ClusterLabels are what every overlay adds to all objects and pod templates, through
// Kustomize's labels field. They are part of the objects in their final form;
// builders leave them to overlay, which puts them on.
func ClusterLabels(c *fleet.Cluster) map[string]string {
	return map[string]string{
		LabelCluster:     c.Name,
		LabelRegion:      c.Region.Name,
		LabelEnvironment: c.Environment.Name,
	}
}
