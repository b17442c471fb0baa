package workload

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/guardrails"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/secrets"
)

// Guardrails are the fence around a tenant in one cluster: all that bounds its
// models and none of what runs, below golden/tenants/<tenant>/guardrails/base. The
// order is fixed, and the set of objects depends on the tenant and the cluster, never
// on the models: what reads secrets is there where the cluster has a store.
//
// Where p has no cluster, whatever only a cluster knows is closed: no way in or out
// to an address, no pods, no role. A base that somebody applied by mistake would
// let nothing run.
func Guardrails(p *fleet.Placement) []object.Object {
	return slices.Concat(
		object.At("namespace.yaml", guardrails.Namespace(p)),

		object.At("serviceaccounts.yaml", guardrails.DefaultServiceAccount(p)),
		object.At("serviceaccounts.yaml", guardrails.ModelsServiceAccount(p)),
		object.At("serviceaccounts.yaml", guardrails.SecretsServiceAccount(p)),

		object.At("rbac.yaml", guardrails.ModelsRole(p)),
		object.At("rbac.yaml", guardrails.ModelsRoleBinding(p)),
		object.At("rbac.yaml", guardrails.OwnersRole(p)),
		object.At("rbac.yaml", guardrails.OwnersRoleBinding(p)),

		object.At("quota.yaml", guardrails.GrantQuota(p)),
		object.At("quota.yaml", guardrails.PriorityQuota(p)),
		object.At("quota.yaml", guardrails.AffinityQuota(p)),

		object.At("limits.yaml", guardrails.ContainerLimits(p)),
		object.At("limits.yaml", guardrails.PodLimits(p)),

		object.At("networkpolicies.yaml", guardrails.DenyAll(p)),
		object.At("networkpolicies.yaml", guardrails.AllowDNS(p)),
		object.At("networkpolicies.yaml", guardrails.AllowGateway(p)),
		object.At("networkpolicies.yaml", guardrails.AllowPrometheus(p)),
		object.At("networkpolicies.yaml", guardrails.AllowTraces(p)),
		object.At("networkpolicies.yaml", guardrails.AllowObjectStore(p)),
		object.At("networkpolicies.yaml", guardrails.AllowCredentials(p)),
		object.At("networkpolicies.yaml", guardrails.AllowEgress(p)...),

		object.At("secretstore.yaml", secrets.Store(p)),
	)
}
