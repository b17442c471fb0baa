package argocd

import (
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Tenant is what Argo CD has to know about one tenant: its project, the set of its
// guardrails in all of its clusters and, for each environment in which it has models,
// the set of those. A tenant without placements has none of it.
func Tenant(f *fleet.Fleet, t *fleet.Tenant) []Object {
	if len(t.Placements) == 0 {
		return nil
	}
	folder := "tenants/" + Shard(f, t.Name) + "/" + t.Name
	objects := []Object{
		{folder + "/project.yaml", tenantProject(f, t)},
		{folder + "/guardrails.yaml", guardrailsSet(f, t)},
	}
	for _, e := range environments(t) {
		if s := modelsSet(f, t, e); s != nil {
			objects = append(objects, Object{folder + "/models-" + e.Name + ".yaml", s})
		}
	}
	return objects
}

// tenantProject confines the tenant's models: the kinds that a model is made of, in its
// own namespace, on its own clusters.
func tenantProject(f *fleet.Fleet, t *fleet.Tenant) *AppProject {
	meta := metadata(f, Project(t), t)
	meta.Annotations = notifications(t)
	if t.Spec.DisplayName != "" {
		meta.Annotations["mlfleet.dev/display-name"] = t.Spec.DisplayName
	}
	return appProject(f, meta, AppProjectSpec{
		Description:  "The models of tenant " + t.Name + ".",
		Destinations: destinations(clusters(t), t.Namespace()),
		NamespaceResourceWhitelist: []GroupKind{
			{"", "ConfigMap"},
			{"", "PersistentVolumeClaim"},
			{"", "Pod"}, // never committed: listed to be seen, see the package's documentation
			{"", "Service"},
			{"apps", "Deployment"},
			{"apps", "ReplicaSet"}, // as Pod
			{"autoscaling", "HorizontalPodAutoscaler"},
			{"autoscaling.k8s.io", "VerticalPodAutoscaler"},
			{"external-secrets.io", "ExternalSecret"},
			{"externaldns.k8s.io", "DNSEndpoint"},
			{"gateway.networking.k8s.io", "HTTPRoute"},
			{"keda.sh", "ScaledObject"},
			{"monitoring.coreos.com", "AlertmanagerConfig"},
			{"monitoring.coreos.com", "PrometheusRule"},
			{"monitoring.coreos.com", "ServiceMonitor"},
			{"networking.istio.io", "DestinationRule"},
			{"networking.istio.io", "VirtualService"},
			{"networking.k8s.io", "Ingress"},
			{"policy", "PodDisruptionBudget"},
		},
		OrphanedResources: &OrphanedResources{Warn: true},
		Roles:             []Role{ownersRole(t)},
		SyncWindows:       syncWindows(t),
	})
}

// ownersRole lets the tenant's owners see their Applications and read their pods' logs.
func ownersRole(t *fleet.Tenant) Role {
	role := Role{Name: "owners", Description: "See the Applications and the logs; changes are made in Git."}
	subject, objects := "proj:"+Project(t)+":"+role.Name, Project(t)+"/*"
	for _, resource := range []string{"applications", "logs"} {
		role.Policies = append(role.Policies, strings.Join([]string{"p", subject, resource, "get", objects, "allow"}, ", "))
	}
	for _, owner := range t.Spec.Owners {
		if group := quoted(owner.Group); !slices.Contains(role.Groups, group) {
			role.Groups = append(role.Groups, group)
		}
	}
	return role
}

// quoted is a group's name as a field of a Casbin line, where a comma (of an LDAP
// name, say) would begin the next field.
func quoted(group string) string {
	if strings.Contains(group, ",") {
		return `"` + group + `"`
	}
	return group
}

// notifications subscribe the owners' contacts to what they would want to be woken
// for, by the names of Argo CD's catalogue of triggers. They do nothing where the hub
// has no e-mail service.
func notifications(t *fleet.Tenant) map[string]string {
	var contacts []string
	for _, owner := range t.Spec.Owners {
		if owner.Contact != "" && !slices.Contains(contacts, owner.Contact) {
			contacts = append(contacts, owner.Contact)
		}
	}
	annotations := map[string]string{}
	if len(contacts) > 0 {
		for _, trigger := range []string{"on-health-degraded", "on-sync-failed"} {
			annotations["notifications.argoproj.io/subscribe."+trigger+".email"] = strings.Join(contacts, ";")
		}
	}
	return annotations
}

// guardrailsSet syncs the tenant's fence in all of its clusters, all at once and with
// self-heal: a fence is not rolled out, it stands.
func guardrailsSet(f *fleet.Fleet, t *fleet.Tenant) *ApplicationSet {
	return applicationSet(f, set{
		meta:      metadata(f, name(t.Name, ComponentGuardrails), t),
		project:   projectGuardrails,
		component: ComponentGuardrails,
		tenant:    t,
		elements:  elements(f, t.Placements, ComponentGuardrails),
	})
}

// modelsSet syncs the tenant's models in one environment, as the environment rolls out;
// nil where the tenant has no models in it. A set an environment, so that an
// unhealthy staging cluster cannot hold up a rollout in production.
func modelsSet(f *fleet.Fleet, t *fleet.Tenant, e *fleet.Environment) *ApplicationSet {
	var placements []*fleet.Placement
	for _, p := range t.Placements {
		// Kustomize refuses a kustomization that builds nothing.
		if p.Cluster.Environment.Name == e.Name && len(p.Models) > 0 {
			placements = append(placements, p)
		}
	}
	if len(placements) == 0 {
		return nil
	}
	meta := metadata(f, name(t.Name, ComponentModels, e.Name), t)
	meta.Labels[object.LabelEnvironment] = e.Name
	return applicationSet(f, set{
		meta:      meta,
		project:   Project(t),
		component: ComponentModels,
		tenant:    t,
		elements:  elements(f, placements, ComponentModels),
		rollout:   e.Spec.Rollout,
	})
}

// elements are one component of the given placements of a tenant, in their order.
func elements(f *fleet.Fleet, placements []*fleet.Placement, component string) []Element {
	var out []Element
	for _, p := range placements {
		app := name(p.Tenant.Name, component, p.Cluster.Name)
		out = append(out, element(p.Cluster, app, SourcePath(f, p, component)))
	}
	return out
}

// clusters are where the tenant runs, by name.
func clusters(t *fleet.Tenant) []*fleet.Cluster {
	var out []*fleet.Cluster
	for _, p := range t.Placements {
		out = append(out, p.Cluster)
	}
	return out
}

// environments are those in which the tenant is placed, by name.
func environments(t *fleet.Tenant) []*fleet.Environment {
	var out []*fleet.Environment
	for _, c := range clusters(t) {
		if !slices.Contains(out, c.Environment) {
			out = append(out, c.Environment)
		}
	}
	slices.SortFunc(out, func(a, b *fleet.Environment) int { return strings.Compare(a.Name, b.Name) })
	return out
}
