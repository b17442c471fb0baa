package nodes

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PoolLabel says on every node which pool it belongs to; the nodes without GPUs
// are the pool "cpu". No pod selects it, tests do.
const PoolLabel = "e2e.mlfleet.dev/pool"

// cpuType is the instance type of the nodes without GPUs (EC2, instance type page of
// M6i), and cpuNodes how many of them a zone has.
var cpuType = InstanceType{VCPU: 32, MemoryGiB: 128}

const (
	cpuTypeName = "m6i.8xlarge"
	cpuNodes    = 4
)

// steadiness is the order in which a pool's capacity types take turns.
var steadiness = []string{"reserved", "on-demand", "spot"}

// Of makes all nodes of a cluster.
func Of(c Cluster, catalogue map[string]InstanceType) ([]*corev1.Node, error) {
	var all []*corev1.Node
	for i := range cpuNodes * len(c.Zones) {
		n := node(c, "cpu", i, cpuTypeName, cpuType)
		n.Labels[capacityLabel(c.Autoscaler)] = capacityValue(c.Autoscaler, "on-demand")
		all = append(all, n)
	}
	for _, p := range c.GPUPools {
		for i := range p.MaxNodes {
			n, err := gpuNode(c, p, i, catalogue)
			if err != nil {
				return nil, fmt.Errorf("making the nodes of pool %s in cluster %s: %w", p.Name, c.Name, err)
			}
			all = append(all, n)
		}
	}
	return all, nil
}

// node is the i-th node of a pool, without anything of GPUs.
func node(c Cluster, pool string, i int, typeName string, t InstanceType) *corev1.Node {
	name := fmt.Sprintf("%s-%03d", pool, i)
	capacity := corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(int64(t.VCPU), resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(int64(t.MemoryGiB)<<30, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(maxPods, resource.DecimalSI),
	}
	return &corev1.Node{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name,
			Labels: map[string]string{
				corev1.LabelHostname:           name,
				corev1.LabelOSStable:           "linux",
				corev1.LabelArchStable:         "amd64",
				corev1.LabelTopologyRegion:     c.Cloud,
				corev1.LabelTopologyZone:       c.Zones[i%len(c.Zones)],
				corev1.LabelInstanceTypeStable: typeName,
				PoolLabel:                      pool,
			},
			Annotations: map[string]string{"kwok.x-k8s.io/node": "fake"},
		},
		Status: corev1.NodeStatus{Capacity: capacity, Allocatable: allocatable(t)},
	}
}

// gpuNode is the i-th node of a GPU pool, with what docs/operations.md says
// that whoever makes GPU nodes must give them.
func gpuNode(c Cluster, p Pool, i int, catalogue map[string]InstanceType) (*corev1.Node, error) {
	capacityTypes := slices.SortedFunc(slices.Values(p.CapacityTypes), func(a, b string) int {
		return slices.Index(steadiness, a) - slices.Index(steadiness, b)
	})
	row, column := i/len(c.Zones), i%len(c.Zones)
	capacityType := capacityTypes[(row+column)%len(capacityTypes)]
	typeName := p.InstanceTypes[row/len(capacityTypes)%len(p.InstanceTypes)]
	t, known := catalogue[typeName]
	if !known {
		return nil, fmt.Errorf("instance type %s is not in the catalogue", typeName)
	}

	n := node(c, p.Name, i, typeName, t)
	n.Labels[capacityLabel(c.Autoscaler)] = capacityValue(c.Autoscaler, capacityType)
	n.Labels["mlfleet.dev/gpu-class"] = p.Class
	n.Spec.Taints = []corev1.Taint{{Key: "nvidia.com/gpu", Effect: corev1.TaintEffectNoSchedule}}
	if s := p.Sharing; s != nil {
		n.Labels["mlfleet.dev/gpu-sharing"] = s.Mode
		n.Labels["mlfleet.dev/tenant"] = s.Tenant
		n.Spec.Taints = append(n.Spec.Taints, corev1.Taint{Key: "mlfleet.dev/tenant", Value: s.Tenant, Effect: corev1.TaintEffectNoSchedule})
	}
	for name, count := range gpus(p, t) {
		n.Status.Capacity[name] = *resource.NewQuantity(int64(count), resource.DecimalSI)
		n.Status.Allocatable[name] = n.Status.Capacity[name]
	}
	return n, nil
}

// gpus is what NVIDIA's device plugin announces on a node of the pool: whole GPUs;
// with MIG strategy "mixed" the instances of each profile; with sharing and
// renameByDefault each GPU as often as it is shared.
func gpus(p Pool, t InstanceType) map[corev1.ResourceName]int {
	switch {
	case p.MIG != nil:
		instances := map[corev1.ResourceName]int{}
		for profile, count := range p.MIG {
			instances[corev1.ResourceName("nvidia.com/mig-"+profile)] = t.GPUs * count
		}
		return instances
	case p.Sharing != nil:
		return map[corev1.ResourceName]int{"nvidia.com/gpu.shared": t.GPUs * p.Sharing.Replicas}
	}
	return map[corev1.ResourceName]int{"nvidia.com/gpu": t.GPUs}
}

// capacityLabel is the label by which a node tells how AWS sells it: Karpenter's own,
// or that of EKS managed node groups.
func capacityLabel(autoscaler string) string {
	if autoscaler == "karpenter" {
		return "karpenter.sh/capacity-type"
	}
	return "eks.amazonaws.com/capacityType"
}

func capacityValue(autoscaler, capacityType string) string {
	if autoscaler == "karpenter" {
		return capacityType
	}
	return map[string]string{"reserved": "CAPACITY_BLOCK", "on-demand": "ON_DEMAND", "spot": "SPOT"}[capacityType]
}
