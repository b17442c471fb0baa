package argocd

import (
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// allows says whether the project lets an Application write into a namespace of a
// cluster, as Argo CD decides it: server or name, and namespace, are globs.
func (p *AppProject) allows(c fleet.Destination, namespace string) bool {
	glob := func(pattern, text string) bool {
		ok, err := path.Match(pattern, text)
		return err == nil && ok
	}
	for _, d := range p.Spec.Destinations {
		server := d.Server != "" && glob(d.Server, c.Server)
		name := d.Name != "" && glob(d.Name, c.Name)
		if (server || name) && glob(d.Namespace, namespace) {
			return true
		}
	}
	return false
}

// known is every cluster by the name that Argo CD has for it.
func known(f *fleet.Fleet) map[string]fleet.Destination {
	out := map[string]fleet.Destination{f.Spec.ArgoCD.Hub.Name: f.Spec.ArgoCD.Hub}
	for _, c := range f.Clusters() {
		out[c.Spec.ArgoCD.Name] = c.Spec.ArgoCD
	}
	return out
}

func TestEveryApplicationIsAllowedByItsProject(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	in(f, "globex", "us-east")
	for _, a := range applications(t, f) {
		p := project(t, f, a.Spec.Project)
		if !p.allows(known(f)[a.Spec.Destination.Name], a.Spec.Destination.Namespace) {
			t.Errorf("%s may not write to %+v", a.Metadata.Name, a.Spec.Destination)
		}
		if !slices.Equal(p.Spec.SourceRepos, []string{a.Spec.Source.RepoURL}) {
			t.Errorf("%s may read %v", a.Metadata.Name, p.Spec.SourceRepos)
		}
	}
}

func TestATenantsProjectIsItsOwnNamespaceOnItsOwnClusters(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	in(f, "globex", "us-east")
	p := project(t, f, "tenant-globex")
	for name, c := range known(f) {
		own := strings.HasPrefix(name, "eks-us-east-")
		if got := p.allows(c, "tenant-globex"); got != own {
			t.Errorf("globex in %s: allowed is %v, want %v", name, got, own)
		}
		for _, namespace := range []string{"tenant-acme", "tenant-globex-2", "kube-system", "argocd", ""} {
			if p.allows(c, namespace) {
				t.Errorf("globex may write into %q of %s", namespace, name)
			}
		}
		// The name of an own cluster with another server behind it.
		if p.allows(fleet.Destination{Name: c.Name, Server: "https://elsewhere.example"}, "tenant-globex") {
			t.Errorf("globex may write to whatever is called %s", name)
		}
	}
}

func TestTenantsProjectsHaveNoWildcards(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	p := project(t, f, "tenant-acme")
	eachString(tree(t, []any{p.Spec.SourceRepos, p.Spec.Destinations, p.Spec.NamespaceResourceWhitelist}), func(s string) {
		if strings.ContainsAny(s, "*?[{!") {
			t.Errorf("%q is a pattern", s)
		}
	})
	if p.Spec.ClusterResourceWhitelist != nil {
		t.Errorf("acme may write %v for the whole cluster", p.Spec.ClusterResourceWhitelist)
	}
	if len(p.Spec.NamespaceResourceWhitelist) == 0 {
		t.Error("without a list every kind is allowed")
	}
	for _, dangerous := range []string{
		"Namespace", "Role", "RoleBinding", "ServiceAccount", "NetworkPolicy", "ResourceQuota", "LimitRange", "Secret",
		"Endpoints", "EndpointSlice", "Gateway", "Job", "DaemonSet", "Application", "AppProject", "ApplicationSet",
	} {
		for _, gk := range p.Spec.NamespaceResourceWhitelist {
			if gk.Kind == dangerous {
				t.Errorf("acme may write a %s", dangerous)
			}
		}
	}
}

// Tenants and platform share no kind: what is a fence's is nobody else's.
func TestGuardrailsAndModelsShareNoKind(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	models, fence := project(t, f, "tenant-acme").Spec, project(t, f, "mlfleet-guardrails").Spec
	for _, gk := range models.NamespaceResourceWhitelist {
		if slices.Contains(fence.NamespaceResourceWhitelist, gk) {
			t.Errorf("both may write %v", gk)
		}
	}
	if want := []GroupKind{{"", "Namespace"}}; !slices.Equal(fence.ClusterResourceWhitelist, want) {
		t.Errorf("guardrails may write %v for the whole cluster, want %v", fence.ClusterResourceWhitelist, want)
	}
	for _, c := range known(f) {
		if project(t, f, "mlfleet-guardrails").allows(c, "kube-system") {
			t.Error("guardrails may be written outside of tenants' namespaces")
		}
	}
}

// Every project allows what goes through it, and no kind more.
func TestProjectsAllowWhatIsMade(t *testing.T) {
	f := testFleet()
	f.Environment(production).Spec.Tiers = map[string]fleet.Tier{"gold": {Priority: 1000}}
	acme := in(f, "acme", "us-east", "eu-west")
	acme.Spec.Allow.Egress = []fleet.Egress{{Name: "lake", CIDRs: []string{"10.0.0.0/8"}, Port: 443}}
	acme.Spec.Owners[0].Alerts = &fleet.Alerts{PagerDuty: "acme-pagerduty"}
	f.Environment(staging).Spec.Traffic.Routing = fleet.Istio
	made := map[string]map[GroupKind]bool{}
	note := func(project string, objects []object.Object) {
		if made[project] == nil {
			made[project] = map[GroupKind]bool{}
		}
		for _, o := range objects {
			made[project][groupKind(t, o.Value)] = true
		}
	}
	for _, p := range acme.Placements {
		// HPAs in staging, KEDA in production.
		p.Cluster.Spec.Scaling = fleet.ClusterScaling{MetricsAdapter: p.Cluster.Environment.Name == staging, VPA: true}
		p.Cluster.Spec.Observability.Namespace = "monitoring"
		p.Cluster.Spec.Autoscaler = fleet.Karpenter
		p.Cluster.Spec.GPUPools = []*fleet.GPUPool{{
			Name: "t4", InstanceTypes: []string{"g4dn.xlarge"}, Sharing: &fleet.PoolSharing{Mode: "mps", Replicas: 2, Tenant: "acme"},
		}}
		if p.Cluster.Region.Name == "us-east" { // a gateway's pods here, a load balancer there
			p.Cluster.Spec.Ingress.Namespace = "gateways"
			p.Cluster.Spec.Ingress.TLS = &fleet.IngressTLS{Issuer: "letsencrypt"}
		}
		p.Models[0].Spec = fleet.ModelSpec{
			Runtime:  fleet.ONNX,
			SLO:      fleet.SLO{Availability: "99.9"},
			Replicas: fleet.Replicas{Min: 1, Max: 2}, // scaled, so that there is an autoscaler
			Scaling:  fleet.Scaling{ScalingMetric: fleet.ScalingMetric{Metric: "queue-depth", Target: 1}},
			Expose:   &fleet.Expose{Hostname: "sentiment"},
			Secrets:  []fleet.Secret{{Name: "payments", Env: "PAYMENTS_KEY"}},
			Storage:  &fleet.Storage{Access: fleet.ReadOnlyMany, Volume: "embeddings"},
			Artifact: fleet.Artifact{SHA256: strings.Repeat("9f", 32)},
		}
		p.Cluster.Spec.Secrets = &fleet.SecretStore{Store: fleet.AWSSecretsManager}
		note("mlfleet-guardrails", workload.Guardrails(p))
		note("mlfleet-platform", workload.Platform(p.Cluster, f))
		note("tenant-acme", workload.Models(p))
	}
	seen := []GroupKind{{"", "Pod"}, {"apps", "ReplicaSet"}} // listed to be seen
	for name, made := range made {
		spec := project(t, f, name).Spec
		allowed := append(slices.Clone(spec.ClusterResourceWhitelist), spec.NamespaceResourceWhitelist...)
		for gk := range made {
			if !slices.Contains(allowed, gk) {
				t.Errorf("%s refuses %v, which is made", name, gk)
			}
		}
		for _, gk := range allowed {
			if !made[gk] && (name != "tenant-acme" || !slices.Contains(seen, gk)) {
				t.Errorf("%s allows %v, which is never made", name, gk)
			}
		}
	}
}

func groupKind(t *testing.T, v any) GroupKind {
	t.Helper()
	m := tree(t, v).(map[string]any)
	group, _, found := strings.Cut(m["apiVersion"].(string), "/")
	if !found {
		group = ""
	}
	return GroupKind{group, m["kind"].(string)}
}

// The platform writes into the namespaces of the gateways and add-ons that it
// configures, where they are, and into no other.
func TestPlatformProjectsNamespaces(t *testing.T) {
	f := testFleet()
	for _, c := range f.Clusters() {
		c.Spec.GPUPools = nil
		c.Spec.Autoscaler = fleet.Karpenter
		c.Spec.Observability.Namespace = "monitoring"
	}
	pools, scaled := f.Cluster("us-east-production"), f.Cluster("eu-west-staging")
	adapter, gateway := f.Cluster("us-east-staging"), f.Cluster("eu-west-production")
	logging := f.Cluster("us-west-production")
	pools.Spec.GPUPools = []*fleet.GPUPool{{Name: "a10g"}}
	scaled.Spec.Autoscaler = fleet.ClusterAutoscaler
	adapter.Spec.Scaling.MetricsAdapter = true
	gateway.Spec.Ingress.Namespace = "gateways"
	logging.Spec.Observability.Logs = &fleet.Logs{Namespace: "logging", CloudWatch: &fleet.CloudWatch{}}
	own := map[fleet.Destination]string{
		pools.Spec.ArgoCD: "gpu-operator", scaled.Spec.ArgoCD: "kube-system",
		adapter.Spec.ArgoCD: "monitoring", gateway.Spec.ArgoCD: "gateways",
		logging.Spec.ArgoCD: "logging",
	}
	p := project(t, f, "mlfleet-platform")
	if len(p.Spec.NamespaceResourceWhitelist) == 0 {
		t.Error("without a list every kind is allowed")
	}
	for _, c := range known(f) {
		for _, namespace := range []string{"default", "kube-system", "gpu-operator", "monitoring", "gateways", "logging", "argocd", "tenant-acme"} {
			if got, want := p.allows(c, namespace), own[c] == namespace; got != want {
				t.Errorf("the platform may write into %s of %s: %v", namespace, c.Name, got)
			}
		}
	}
}

// Two add-ons may live in one namespace, and Argo CD refuses a project that has a
// destination twice.
func TestPlatformProjectsDestinationsStandOnce(t *testing.T) {
	f := testFleet()
	c := f.Cluster("us-east-production")
	c.Spec.Autoscaler = fleet.ClusterAutoscaler
	c.Spec.Scaling.MetricsAdapter = true
	c.Spec.Observability.Namespace = "kube-system"
	seen := map[Destination]bool{}
	for _, d := range project(t, f, "mlfleet-platform").Spec.Destinations {
		if seen[d] {
			t.Errorf("%v stands twice", d)
		}
		seen[d] = true
	}
}

// Owners look. "sync" would let them choose a revision that nobody reviewed.
func TestOwnersMayLook(t *testing.T) {
	f := testFleet()
	acme := in(f, "acme", everywhere...)
	acme.Spec.Owners = []fleet.Owner{
		{Group: "acme-ml", Contact: "ml@acme.example"},
		{Group: "CN=acme,OU=ml", Contact: "ml@acme.example"},
		{Group: "acme-ml", Contact: "night@acme.example"},
	}
	p := project(t, f, "tenant-acme")
	want := []Role{{
		Name:        "owners",
		Description: p.Spec.Roles[0].Description,
		Policies: []string{
			"p, proj:tenant-acme:owners, applications, get, tenant-acme/*, allow",
			"p, proj:tenant-acme:owners, logs, get, tenant-acme/*, allow",
		},
		Groups: []string{"acme-ml", `"CN=acme,OU=ml"`}, // a bare comma would end the field
	}}
	if !reflect.DeepEqual(p.Spec.Roles, want) {
		t.Errorf("roles are %+v, want %+v", p.Spec.Roles, want)
	}
	if got := p.Metadata.Annotations["mlfleet.dev/display-name"]; got != "Tenant acme" {
		t.Errorf("the display name is %q", got)
	}
	for _, trigger := range []string{"on-sync-failed", "on-health-degraded"} {
		got := p.Metadata.Annotations["notifications.argoproj.io/subscribe."+trigger+".email"]
		if want := "ml@acme.example;night@acme.example"; got != want {
			t.Errorf("%s tells %q, want %q", trigger, got, want)
		}
	}
}

func TestProjectsComeFirstAndStayWhileUsed(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	for _, p := range values[*AppProject](all(f)) {
		if p.Metadata.Annotations["argocd.argoproj.io/sync-wave"] != "-1" {
			t.Errorf("%s comes with what needs it", p.Metadata.Name)
		}
		if !slices.Equal(p.Metadata.Finalizers, []string{"resources-finalizer.argocd.argoproj.io"}) {
			t.Errorf("%s can be deleted under its Applications", p.Metadata.Name)
		}
	}
}
