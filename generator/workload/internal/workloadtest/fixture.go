package workloadtest

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Fixture is a fleet of one tenant, acme, in two clusters that differ wherever
// clusters can:
//
//   - us-east-production: IRSA, Karpenter, a gateway's namespace, no node-local DNS, no
//     release label, a collector of traces, Loki;
//   - eu-west-staging: Pod Identity, cluster autoscaler, a load balancer's subnets,
//     node-local DNS, a release label, CloudWatch, other ranks and limits.
//
// Its models are sentiment (onnx, whole GPUs, exposed), tagger (onnx, CPU only,
// fixed replicas), reranker (onnx, MPS, spot) and vision (triton, MIG). Every call
// makes a new fleet, so that a test may change what it got.
func Fixture(t testing.TB) (f *fleet.Fleet, irsa, podIdentity *fleet.Placement) {
	t.Helper()
	production := fixtureEnvironment("production", 1000, 50)
	staging := fixtureEnvironment("staging", 100, 10)
	usEast := fixtureUSEast(production)
	euWest := fixtureEUWest(staging)
	acme := fixtureTenant()
	acme.Base = &fleet.Placement{Tenant: acme, Models: fixtureModels()}
	podIdentity = &fleet.Placement{Tenant: acme, Cluster: euWest.Clusters[0], Models: fixtureModels()}
	irsa = &fleet.Placement{Tenant: acme, Cluster: usEast.Clusters[0], Models: fixtureModels()}
	acme.Placements = []*fleet.Placement{podIdentity, irsa}
	f = &fleet.Fleet{
		Name: "example",
		Spec: fleet.FleetSpec{
			Repository: fleet.Repository{URL: "https://git.example.com/fleet.git", Revision: "main", Path: "."},
			ArgoCD: fleet.ArgoCD{
				Namespace: "argocd",
				Shards:    1,
				Hub:       fleet.Destination{Name: "in-cluster", Server: "https://kubernetes.default.svc"},
			},
			Domain: "ml.example.com",
		},
		Regions:      []*fleet.Region{euWest, usEast},
		Environments: []*fleet.Environment{production, staging},
		Tenants:      []*fleet.Tenant{acme},
		InstanceTypes: map[string]fleet.InstanceType{
			"g5.2xlarge":   {Name: "g5.2xlarge", Class: "a10g", GPUs: 1, GPUMemoryGiB: 24, VCPU: 8, MemoryGiB: 32, USDPerHour: 1.212},
			"p4d.24xlarge": {Name: "p4d.24xlarge", Class: "a100-40gb", GPUs: 8, GPUMemoryGiB: 40, MIGProfiles: []string{"1g.5gb", "3g.20gb"}, VCPU: 96, MemoryGiB: 1152, USDPerHour: 21.957642},
		},
	}
	return f, irsa, podIdentity
}

// Model is the placement's model of that name.
func Model(t testing.TB, p *fleet.Placement, name string) *fleet.Model {
	t.Helper()
	for _, m := range p.Models {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("the fixture has no model %q", name)
	return nil
}

func fixtureEnvironment(name string, gold int32, replicas int) *fleet.Environment {
	return &fleet.Environment{
		Name:     name,
		Position: fleet.Position{File: "environments/" + name + "/environment.yaml"},
		Spec: fleet.EnvironmentSpec{
			Rollout: fleet.Rollout{Strategy: fleet.AllAtOnce},
			Limits: fleet.Limits{
				Replicas:    replicas,
				GPUs:        8,
				CPU:         resource.MustParse("32"),
				Memory:      resource.MustParse("128Gi"),
				GracePeriod: seconds(300),
			},
			Tiers: map[string]fleet.Tier{
				"gold":   {Priority: gold, Models: 20, Quota: fixtureQuota()},
				"bronze": {Priority: 10, Models: 5, Quota: fixtureQuota()},
			},
		},
		Pins: map[string]*fleet.Pin{
			"inference": {
				Name: "inference", Image: "registry.example.com/mlfleet/inference", Tag: "v1.2.0",
				Digest: "sha256:" + strings.Repeat("a1", 32),
			},
			"triton": {
				Name: "triton", Image: "nvcr.io/nvidia/tritonserver", Tag: "26.06-py3",
				Digest: "sha256:" + strings.Repeat("b2", 32),
			},
		},
	}
}

func fixtureUSEast(env *fleet.Environment) *fleet.Region {
	region := &fleet.Region{
		Name: "us-east", Position: fleet.Position{File: "regions/us-east.yaml"},
		Cloud: "us-east-1", Zones: []string{"us-east-1a", "us-east-1b", "us-east-1c"},
	}
	region.Clusters = []*fleet.Cluster{{
		Name: "us-east-production", Region: region, Environment: env,
		Spec: fleet.ClusterSpec{
			ArgoCD:     fleet.Destination{Name: "us-east-production", Server: "https://us-east-production.example.com"},
			Version:    "1.36",
			Account:    "111122223333",
			Identity:   fleet.IRSA,
			Autoscaler: fleet.Karpenter,
			Ingress:    fleet.Ingress{Hostname: "us-east.ml.example.com", Namespace: "gateway-system"},
			Observability: fleet.Observability{
				Namespace: "monitoring",
				Traces:    &fleet.Traces{Service: "collector", Namespace: "tracing"},
				Logs:      &fleet.Logs{Namespace: "logging", Loki: &fleet.Loki{Service: "loki-gateway", Namespace: "loki"}},
			},
			Endpoints: fleet.Endpoints{
				ObjectStore: []string{"10.10.8.0/28", "10.10.9.0/28"},
				STS:         []string{"10.10.8.16/28"},
			},
			GPUPools: []*fleet.GPUPool{
				{Name: "a10g", Class: "a10g", InstanceTypes: []string{"g5.2xlarge"}, MaxNodes: 20, CapacityTypes: []fleet.CapacityType{fleet.OnDemand, fleet.Spot}},
				{Name: "a10g-acme", Class: "a10g", InstanceTypes: []string{"g5.2xlarge"}, MaxNodes: 4, CapacityTypes: []fleet.CapacityType{fleet.Spot}, Sharing: &fleet.PoolSharing{Mode: "mps", Replicas: 4, Tenant: "acme"}, MemoryGiB: 24},
				{Name: "a100-mig", Class: "a100-40gb", InstanceTypes: []string{"p4d.24xlarge"}, MaxNodes: 2, CapacityTypes: []fleet.CapacityType{fleet.Reserved}, MIG: map[string]int{"1g.5gb": 4, "3g.20gb": 1}},
			},
		},
	}}
	return region
}

func fixtureEUWest(env *fleet.Environment) *fleet.Region {
	region := &fleet.Region{
		Name: "eu-west", Position: fleet.Position{File: "regions/eu-west.yaml"},
		Cloud: "eu-west-1", Zones: []string{"eu-west-1a", "eu-west-1b"},
	}
	region.Clusters = []*fleet.Cluster{{
		Name: "eu-west-staging", Region: region, Environment: env,
		Spec: fleet.ClusterSpec{
			ArgoCD:     fleet.Destination{Name: "eu-west-staging", Server: "https://eu-west-staging.example.com"},
			Version:    "1.35",
			Account:    "444455556666",
			Identity:   fleet.PodIdentity,
			Autoscaler: fleet.ClusterAutoscaler,
			Ingress:    fleet.Ingress{Hostname: "eu-west-staging.ml.example.com", CIDRs: []string{"10.20.0.0/24", "10.20.1.0/24"}},
			Observability: fleet.Observability{
				Namespace: "observability",
				Release:   "kube-prometheus-stack",
				Logs:      &fleet.Logs{Namespace: "logging", CloudWatch: &fleet.CloudWatch{RetentionDays: 30}},
			},
			Endpoints: fleet.Endpoints{
				ObjectStore:  []string{"10.20.8.0/28"},
				NodeLocalDNS: "169.254.20.10/32",
			},
			GPUPools: []*fleet.GPUPool{
				{Name: "a10g", Class: "a10g", InstanceTypes: []string{"g5.2xlarge"}, MaxNodes: 4, CapacityTypes: []fleet.CapacityType{fleet.Spot}},
				{Name: "a10g-acme", Class: "a10g", InstanceTypes: []string{"g5.2xlarge"}, MaxNodes: 1, CapacityTypes: []fleet.CapacityType{fleet.Spot}, Sharing: &fleet.PoolSharing{Mode: "mps", Replicas: 4, Tenant: "acme"}, MemoryGiB: 24},
				{Name: "a100-mig", Class: "a100-40gb", InstanceTypes: []string{"p4d.24xlarge"}, MaxNodes: 1, CapacityTypes: []fleet.CapacityType{fleet.OnDemand}, MIG: map[string]int{"1g.5gb": 7}},
			},
		},
	}}
	return region
}

func fixtureQuota() fleet.Quota {
	return fleet.Quota{
		GPUs: 24, SharedGPUs: 8, MIG: map[string]int{"1g.5gb": 6},
		CPU: resource.MustParse("200"), Memory: resource.MustParse("800Gi"),
	}
}

func fixtureTenant() *fleet.Tenant {
	return &fleet.Tenant{
		Name:     "acme",
		Position: fleet.Position{File: "tenants/acme/tenant.yaml"},
		Spec: fleet.TenantSpec{
			DisplayName: "Acme Retail",
			CostCenter:  "cc-1042",
			Owners: []fleet.Owner{
				{Group: "acme-ml", Contact: "ml@acme.example"},
				{Group: "acme-sre", Contact: "sre@acme.example"},
			},
			Tier:      "gold",
			Placement: fleet.TenantPlacement{Environments: []string{"production", "staging"}, Regions: []string{"eu-west", "us-east"}},
			Quota:     fixtureQuota(),
			Allow: fleet.Allow{Egress: []fleet.Egress{
				{Name: "feature-store", CIDRs: []string{"10.30.0.0/24", "10.30.1.0/24"}, Port: 6379},
			}},
		},
	}
}

// fixtureModels are sorted by name, as in a Placement.
func fixtureModels() []*fleet.Model {
	reranker := fixtureModel("reranker", "7")
	reranker.Spec.GPU = &fleet.GPU{Class: "a10g", Count: 1, Sharing: "mps"}
	reranker.Spec.Capacity = fleet.Spot

	sentiment := fixtureModel("sentiment", "3")
	sentiment.Spec.GPU = &fleet.GPU{Class: "a10g", Count: 1, Sharing: fleet.Exclusive}
	sentiment.Spec.Scaling.Also = []fleet.ScalingMetric{{Metric: "cpu", Target: 70}, {Metric: "memory", Target: 80}}
	sentiment.Spec.Expose = &fleet.Expose{Hostname: "sentiment"}

	tagger := fixtureModel("tagger", "1.4.0")
	tagger.Spec.Replicas = fleet.Replicas{Min: 2, Max: 2}
	tagger.Spec.Scaling = fleet.Scaling{}

	vision := fixtureModel("vision", "12")
	vision.Spec.Runtime = fleet.Triton
	vision.Spec.Image = "triton"
	vision.Spec.GPU = &fleet.GPU{Class: "a100-40gb", Count: 1, Sharing: "mig-1g.5gb"}
	vision.Spec.Startup.Timeout = seconds(600)

	return []*fleet.Model{reranker, sentiment, tagger, vision}
}

// fixtureModel is a scaled onnx model on CPUs, which is not exposed.
func fixtureModel(name, version string) *fleet.Model {
	return &fleet.Model{
		Name:     name,
		Position: fleet.Position{File: "tenants/acme/models/" + name + ".yaml"},
		Spec: fleet.ModelSpec{
			Description: "The fixture's " + name,
			Version:     version,
			Runtime:     fleet.ONNX,
			Image:       "inference",
			Artifact: fleet.Artifact{
				URI:    "s3://acme-models/" + name + "/" + version,
				SHA256: strings.Repeat("9f", 32),
			},
			Resources: fleet.Resources{CPU: resource.MustParse("2"), Memory: resource.MustParse("8Gi")},
			Replicas:  fleet.Replicas{Min: 2, Max: 10},
			Scaling: fleet.Scaling{
				ScalingMetric: fleet.ScalingMetric{Metric: "queue-depth", Target: 10},
				Up:            fleet.ScaleUp{Percent: 100, Pods: 4, Period: seconds(15)},
				Down:          fleet.ScaleDown{Percent: 50, Period: seconds(60), Window: seconds(300)},
			},
			Batching: fleet.Batching{MaxSize: 8, MaxDelay: metav1.Duration{Duration: 5 * time.Millisecond}},
			Startup:  fleet.Startup{Timeout: seconds(300)},
			Shutdown: fleet.Shutdown{PreStop: seconds(15), GracePeriod: seconds(60)},
			SLO:      fleet.SLO{LatencyP99: metav1.Duration{Duration: 100 * time.Millisecond}, Availability: "99.9"},
		},
	}
}

func seconds(n int) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n) * time.Second}
}
