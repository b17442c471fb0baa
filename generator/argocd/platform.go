package argocd

import "github.com/mlfleet/mlfleet/generator/fleet"

// Platform is what the platform syncs: its projects, and the set that brings every
// cluster what it has once for all tenants. It names no tenant.
func Platform(f *fleet.Fleet) []Object {
	return []Object{
		{"platform/project.yaml", platformProject(f)},
		{"platform/project.yaml", guardrailsProject(f)},
		{"platform/applicationset.yaml", platformSet(f)},
	}
}

// platformProject may write cluster-scoped objects and, into the namespaces of the
// clusters' gateways alone, the gateways with what belongs to them.
func platformProject(f *fleet.Fleet) *AppProject {
	return appProject(f, metadata(f, projectPlatform, nil), AppProjectSpec{
		Description:  "What every cluster has once for all tenants.",
		Destinations: platformDestinations(f.Clusters()),
		ClusterResourceWhitelist: []GroupKind{
			{"scheduling.k8s.io", "PriorityClass"},
		},
		NamespaceResourceWhitelist: []GroupKind{
			{"", "Service"}, // the load balancers of Istio's gateways
			{"cert-manager.io", "Certificate"},
			{"gateway.networking.k8s.io", "Gateway"},
			{"networking.istio.io", "Gateway"},
		},
	})
}

// platformDestinations are the clusters themselves, and in those that have a gateway
// its namespace.
func platformDestinations(clusters []*fleet.Cluster) []Destination {
	var out []Destination
	for _, c := range clusters {
		out = append(out, destinations([]*fleet.Cluster{c}, "")...)
		if namespace := c.Spec.Ingress.Namespace; namespace != "" {
			out = append(out, destinations([]*fleet.Cluster{c}, namespace)...)
		}
	}
	return out
}

// guardrailsProject may create tenants' namespaces and the fences in them. It allows
// tenant-* rather than a list, because a list would change with every tenant.
func guardrailsProject(f *fleet.Fleet) *AppProject {
	return appProject(f, metadata(f, projectGuardrails, nil), AppProjectSpec{
		Description:  "The fences around the tenants: their namespaces and all that bounds them.",
		Destinations: destinations(f.Clusters(), "tenant-*"),
		ClusterResourceWhitelist: []GroupKind{
			{"", "Namespace"},
		},
		NamespaceResourceWhitelist: []GroupKind{
			{"", "LimitRange"},
			{"", "ResourceQuota"},
			{"", "ServiceAccount"},
			{"networking.k8s.io", "NetworkPolicy"},
			{"rbac.authorization.k8s.io", "Role"},
			{"rbac.authorization.k8s.io", "RoleBinding"},
		},
		OrphanedResources: &OrphanedResources{Warn: true},
	})
}

// platformSet syncs the platform's overlay of every cluster, all at once: priority
// classes and policies must be there before anything that refers to them.
func platformSet(f *fleet.Fleet) *ApplicationSet {
	var elements []Element
	for _, c := range f.Clusters() {
		elements = append(elements, element(c, name("mlfleet", ComponentPlatform, c.Name), PlatformSourcePath(f, c)))
	}
	return applicationSet(f, set{
		meta:      metadata(f, name("mlfleet", ComponentPlatform), nil),
		project:   projectPlatform,
		component: ComponentPlatform,
		elements:  elements,
	})
}

// destinations are a project's: one namespace (or pattern, or "" for none) in each cluster.
func destinations(clusters []*fleet.Cluster, namespace string) []Destination {
	var out []Destination
	for _, c := range clusters {
		out = append(out, Destination{Server: c.Spec.ArgoCD.Server, Namespace: namespace})
	}
	return out
}
