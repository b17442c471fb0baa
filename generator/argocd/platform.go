package argocd

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Platform is what the platform syncs: its projects, and the set that brings every
// cluster what it has once for all tenants. It names no tenant.
func Platform(f *fleet.Fleet) []Object {
	return []Object{
		{"platform/project.yaml", platformProject(f)},
		{"platform/project.yaml", guardrailsProject(f)},
		{"platform/applicationset.yaml", platformSet(f)},
	}
}

// platformProject may write cluster-scoped objects, and into the namespaces of the
// clusters' gateways and add-ons alone the gateways and what configures the add-ons.
func platformProject(f *fleet.Fleet) *AppProject {
	return appProject(f, metadata(f, projectPlatform, nil), AppProjectSpec{
		Description:  "What every cluster has once for all tenants.",
		Destinations: platformDestinations(f.Clusters()),
		ClusterResourceWhitelist: []GroupKind{
			{"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
			{"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
			{"karpenter.k8s.aws", "EC2NodeClass"},
			{"karpenter.sh", "NodeOverlay"},
			{"karpenter.sh", "NodePool"},
			{"scheduling.k8s.io", "PriorityClass"},
		},
		NamespaceResourceWhitelist: []GroupKind{
			{"", "ConfigMap"}, // settings of the add-ons of nodes, GPUs, metrics and logs
			{"", "Service"},   // the load balancers of Istio's gateways
			{"cert-manager.io", "Certificate"},
			{"gateway.networking.k8s.io", "Gateway"},
			{"networking.istio.io", "Gateway"},
		},
	})
}

// platformDestinations are the clusters themselves, and in each the namespaces of the
// gateway and the add-ons that the platform configures there.
func platformDestinations(clusters []*fleet.Cluster) []Destination {
	var out []Destination
	for _, c := range clusters {
		for _, namespace := range platformNamespaces(c) {
			out = append(out, destinations([]*fleet.Cluster{c}, namespace)...)
		}
	}
	return out
}

// platformNamespaces are "" for what is in no namespace, then those of the gateway and
// the add-ons. Two may share one, and Argo CD refuses a project that names it twice.
func platformNamespaces(c *fleet.Cluster) []string {
	namespaces := []string{"", c.Spec.Ingress.Namespace} // without a gateway the same
	if len(c.Spec.GPUPools) > 0 {
		namespaces = append(namespaces, object.NamespaceGPUOperator)
	}
	if c.Spec.Autoscaler == fleet.ClusterAutoscaler {
		namespaces = append(namespaces, object.NamespaceClusterAutoscaler)
	}
	if c.Spec.Scaling.MetricsAdapter {
		namespaces = append(namespaces, c.Spec.Observability.Namespace)
	}
	if logs := c.Spec.Observability.Logs; logs != nil {
		namespaces = append(namespaces, logs.Namespace)
	}
	slices.Sort(namespaces)
	return slices.Compact(namespaces)
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
			{"external-secrets.io", "SecretStore"},
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
