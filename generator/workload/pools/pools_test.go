package pools_test

import (
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/pools"
)

// nodesFor are the pools whose nodes, as Karpenter plans them, would take the pod.
func nodesFor(c *fleet.Cluster, f *fleet.Fleet, pod corev1.PodSpec) []string {
	var names []string
	for _, pool := range pools.NodePools(c, f) {
		if selected(pool, pod) && tolerated(pool, pod) && offered(c, f, pool, pod) {
			names = append(names, pool.Name)
		}
	}
	return names
}

func selected(pool *pools.NodePool, pod corev1.PodSpec) bool {
	for label, value := range pod.NodeSelector {
		required := slices.ContainsFunc(pool.Spec.Template.Spec.Requirements, func(r pools.NodeRequirement) bool {
			return r.Key == label && slices.Contains(r.Values, value)
		})
		if !required && pool.Spec.Template.Metadata.Labels[label] != value {
			return false
		}
	}
	return true
}

func tolerated(pool *pools.NodePool, pod corev1.PodSpec) bool {
	return !slices.ContainsFunc(pool.Spec.Template.Spec.Taints, func(taint corev1.Taint) bool {
		return !slices.ContainsFunc(pod.Tolerations, func(t corev1.Toleration) bool {
			return t.Key == taint.Key && (t.Operator == corev1.TolerationOpExists || t.Value == taint.Value)
		})
	})
}

// offered asks for the GPUs: the whole ones of the instance type, unless an overlay
// says otherwise.
func offered(c *fleet.Cluster, f *fleet.Fleet, pool *pools.NodePool, pod corev1.PodSpec) bool {
	for _, name := range pool.Spec.Template.Spec.Requirements[0].Values {
		capacity := map[corev1.ResourceName]int64{"nvidia.com/gpu": int64(f.InstanceTypes[name].GPUs)}
		for _, o := range pools.NodeOverlays(c, f) {
			if slices.Contains(o.Spec.Requirements[0].Values, pool.Name) && slices.Contains(o.Spec.Requirements[1].Values, name) {
				for resource, quantity := range o.Spec.Capacity {
					capacity[resource] = quantity.Value()
				}
			}
		}
		fits := true
		for resource, quantity := range pod.Containers[0].Resources.Requests {
			if resource != corev1.ResourceCPU && resource != corev1.ResourceMemory && capacity[resource] < quantity.Value() {
				fits = false
			}
		}
		if fits {
			return true
		}
	}
	return false
}

// Models and pools are built apart and meet in the cluster, by labels, taints and
// resources. A pod that no pool would be grown for stays pending for ever, and one that
// the wrong pool is grown for stays pending and costs money.
func TestEachModelGrowsItsPool(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	for model, want := range map[string]string{"sentiment": "a10g", "reranker": "a10g-acme", "vision": "a100-mig"} {
		pod := workloadtest.Find[*appsv1.Deployment](t, workload.Models(p), model).Spec.Template.Spec
		if got := nodesFor(p.Cluster, f, pod); !slices.Equal(got, []string{want}) {
			t.Errorf("%s grows %q, want %s", model, got, want)
		}
	}
}

// A whole GPU comes from a node that has whole ones: not from one of its class whose
// GPUs are divided, nor from one that another tenant has.
func TestDividedGPUsAreNotTakenForWholeOnes(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	vision := workloadtest.Model(t, p, "vision")
	vision.Spec.GPU = &fleet.GPU{Class: "a100-40gb", Count: 1, Sharing: fleet.Exclusive}
	whole := workloadtest.Find[*appsv1.Deployment](t, workload.Models(p), "vision").Spec.Template.Spec
	if got := nodesFor(p.Cluster, f, whole); got != nil {
		t.Errorf("a whole A100 grows %q", got)
	}
	p.Cluster.Spec.GPUPools[1].Sharing.Tenant = "globex"
	shared := workloadtest.Find[*appsv1.Deployment](t, workload.Models(p), "reranker").Spec.Template.Spec
	if got := nodesFor(p.Cluster, f, shared); got != nil {
		t.Errorf("a share of acme's grows globex' pool: %q", got)
	}
}

func TestLimits(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	f.InstanceTypes["g5.12xlarge"] = fleet.InstanceType{Name: "g5.12xlarge", Class: "a10g", GPUs: 4}
	p.Cluster.Spec.GPUPools[0].InstanceTypes = []string{"g5.12xlarge", "g5.2xlarge"}
	want := map[string]map[corev1.ResourceName]int64{
		"a10g":      {"nodes": 20, "nvidia.com/gpu": 80},
		"a10g-acme": {"nodes": 4},
		"a100-mig":  {"nodes": 2},
	}
	for _, pool := range pools.NodePools(p.Cluster, f) {
		got := map[corev1.ResourceName]int64{}
		for name, q := range pool.Spec.Limits {
			got[name] = q.Value()
		}
		if len(got) != len(want[pool.Name]) || got["nodes"] != want[pool.Name]["nodes"] || got["nvidia.com/gpu"] != want[pool.Name]["nvidia.com/gpu"] {
			t.Errorf("%s: %v, want %v", pool.Name, got, want[pool.Name])
		}
	}
}

func TestCapacityInOrder(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	p.Cluster.Spec.GPUPools[0].CapacityTypes = []fleet.CapacityType{fleet.OnDemand, fleet.Reserved, fleet.Spot}
	got := pools.NodePools(p.Cluster, f)[0].Spec.Template.Spec.Requirements[1]
	if want := []string{"reserved", "spot", "on-demand"}; got.Key != "karpenter.sh/capacity-type" || !slices.Equal(got.Values, want) {
		t.Errorf("%v, want %v", got, want)
	}
	for _, class := range pools.EC2NodeClasses(p.Cluster) {
		pool := p.Cluster.Spec.GPUPools[slices.IndexFunc(p.Cluster.Spec.GPUPools, func(g *fleet.GPUPool) bool { return g.Name == class.Name })]
		reserved := slices.Contains(pool.CapacityTypes, fleet.Reserved)
		if (class.Spec.CapacityReservationSelectorTerms != nil) != reserved {
			t.Errorf("%s, reserved %v, looks for %v", class.Name, reserved, class.Spec.CapacityReservationSelectorTerms)
		}
	}
}

// Types with different numbers of GPUs have different numbers of parts.
func TestOverlaysBySize(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	f.InstanceTypes["g5.12xlarge"] = fleet.InstanceType{Name: "g5.12xlarge", Class: "a10g", GPUs: 4}
	p.Cluster.Spec.GPUPools[1].InstanceTypes = []string{"g5.12xlarge", "g5.2xlarge"}
	got := map[string]int64{}
	for _, o := range pools.NodeOverlays(p.Cluster, f) {
		shared := o.Spec.Capacity["nvidia.com/gpu.shared"]
		got[o.Name] = shared.Value()
	}
	if got["a10g-acme-1"] != 4 || got["a10g-acme-4"] != 16 || len(got) != 3 {
		t.Errorf("shares: %v", got)
	}
}

func TestNodesOfACluster(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	spec := func() pools.EC2NodeClassSpec { return pools.EC2NodeClasses(p.Cluster)[0].Spec }
	if s := spec(); s.Role != "KarpenterNodeRole-us-east-production" || s.AMISelectorTerms[0].Alias != "al2023@latest" {
		t.Errorf("by default: role %s, image %v", s.Role, s.AMISelectorTerms)
	}
	p.Cluster.Spec.Nodes = &fleet.Nodes{Image: "al2023@v20261105", Role: "gpu-nodes"}
	if s := spec(); s.Role != "gpu-nodes" || s.AMISelectorTerms[0].Alias != "al2023@v20261105" {
		t.Errorf("as asked: role %s, image %v", s.Role, s.AMISelectorTerms)
	}
}
