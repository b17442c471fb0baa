package argocd

import (
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Projects of the platform. None begins with "tenant-", as tenants' projects do.
const (
	projectRoots      = "mlfleet-roots"
	projectPlatform   = "mlfleet-platform"
	projectGuardrails = "mlfleet-guardrails"
)

// maxName is the length of a label value: Argo CD's label tracking writes the name of
// the Application on every object.
const maxName = 63

// Project is the name of the tenant's own AppProject.
func Project(t *fleet.Tenant) string { return "tenant-" + t.Name }

// name joins DNS labels by dots, which no label contains, so that different parts
// never make one name. A tenant's name has at most 40 characters and stays whole when
// the result is shortened.
func name(parts ...string) string { return fleet.Shorten(strings.Join(parts, "."), maxName) }

// SourcePath is the Kustomize overlay of a placement's guardrails or models
// (ComponentGuardrails, ComponentModels) as a path inside the repository:
// golden/tenants/acme/models/overlays/us-east-production.
func SourcePath(f *fleet.Fleet, p *fleet.Placement, component string) string {
	return join(f, "tenants", p.Tenant.Name, component, "overlays", p.Cluster.Name)
}

// PlatformSourcePath is the Kustomize overlay of what a cluster has once for all tenants.
func PlatformSourcePath(f *fleet.Fleet, c *fleet.Cluster) string {
	return join(f, "platform", "overlays", c.Name)
}

// join gives a path inside the repository from its parts below the generated tree.
func join(f *fleet.Fleet, parts ...string) string {
	return f.Spec.Repository.Golden() + "/" + strings.Join(parts, "/")
}
