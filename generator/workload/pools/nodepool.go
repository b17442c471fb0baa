package pools

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// NodePool is the part of karpenter.sh/v1 that we write.
type NodePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              NodePoolSpec `json:"spec"`
}

// NodePoolSpec says which nodes Karpenter may make, and when it takes them away.
type NodePoolSpec struct {
	Template   NodeTemplate        `json:"template"`
	Disruption Disruption          `json:"disruption"`
	Limits     corev1.ResourceList `json:"limits"`
}

// NodeTemplate is what all nodes of a pool have in common.
type NodeTemplate struct {
	Metadata NodeMetadata `json:"metadata"`
	Spec     NodeSpec     `json:"spec"`
}

// NodeMetadata is what nodes say of themselves.
type NodeMetadata struct {
	Labels map[string]string `json:"labels"`
}

// NodeSpec is how a node is made, and how long it lives.
type NodeSpec struct {
	Requirements           []NodeRequirement `json:"requirements"`
	Taints                 []corev1.Taint    `json:"taints"`
	NodeClassRef           NodeClassRef      `json:"nodeClassRef"`
	ExpireAfter            string            `json:"expireAfter"`
	TerminationGracePeriod string            `json:"terminationGracePeriod"`
}

// NodeRequirement restricts a label of the nodes to values.
type NodeRequirement struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// NodeClassRef names the class that has what only AWS knows.
type NodeClassRef struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

// Disruption is when Karpenter takes nodes away of its own accord.
type Disruption struct {
	ConsolidationPolicy string   `json:"consolidationPolicy"`
	ConsolidateAfter    string   `json:"consolidateAfter"`
	Budgets             []Budget `json:"budgets"`
}

// Budget is how many nodes may go at once, for some reasons.
type Budget struct {
	Nodes   string   `json:"nodes"`
	Reasons []string `json:"reasons"`
}

const (
	// consolidateAfter keeps an empty node for as long as a lull lasts that is none: an
	// autoscaler gives replicas back after five quiet minutes, and takes as long to
	// want them again. A GPU node needs several minutes to come and pull its images.
	consolidateAfter = "10m"

	// expireAfter replaces a node once a month, so that no kernel and no driver grows old.
	// It is Karpenter's own default, written out because it ends what runs there.
	expireAfter = "720h"

	// terminationGracePeriod bounds a drain. Disruption budgets let one replica of a
	// model go at a time, and its successor may wait for a node and a long load; eight
	// of them, on the eight GPUs of the largest nodes, take well over an hour.
	terminationGracePeriod = "3h"
)

// karpenterGroup is the group of Karpenter's objects and the prefix of its labels.
const karpenterGroup = "karpenter.sh"

// capacityOrder is the order in which capacity is wanted: what is paid for in any
// case, what is cheap, what is there. Karpenter prefers them in this order whatever
// the order in the list ("NodePools", karpenter.sh/capacity-type).
var capacityOrder = []fleet.CapacityType{fleet.Reserved, fleet.Spot, fleet.OnDemand}

// NodePools are one for each GPU pool of a cluster in which Karpenter makes the nodes.
func NodePools(c *fleet.Cluster, f *fleet.Fleet) []*NodePool {
	var out []*NodePool
	for _, pool := range karpenterPools(c) {
		out = append(out, nodePool(c, f, pool))
	}
	return out
}

// karpenterPools are the GPU pools whose nodes Karpenter makes; none in the base, since
// each cluster has its own.
func karpenterPools(c *fleet.Cluster) []*fleet.GPUPool {
	if c == nil || c.Spec.Autoscaler != fleet.Karpenter {
		return nil
	}
	return c.Spec.GPUPools
}

func nodePool(c *fleet.Cluster, f *fleet.Fleet, pool *fleet.GPUPool) *NodePool {
	return &NodePool{
		TypeMeta:   metav1.TypeMeta{APIVersion: karpenterGroup + "/v1", Kind: "NodePool"},
		ObjectMeta: object.PlatformMeta(pool.Name),
		Spec: NodePoolSpec{
			Template: NodeTemplate{
				Metadata: NodeMetadata{Labels: nodeLabels(pool)},
				Spec: NodeSpec{
					Requirements:           requirements(c, pool),
					Taints:                 taints(pool),
					NodeClassRef:           NodeClassRef{Group: nodeClassGroup, Kind: nodeClassKind, Name: pool.Name},
					ExpireAfter:            expireAfter,
					TerminationGracePeriod: terminationGracePeriod,
				},
			},
			Disruption: disruption(),
			Limits:     limits(f, pool),
		},
	}
}

// disruption takes only empty nodes away: to move a model server, to fill another
// node better, costs its whole start. Empty ones may all go at once; those that
// have become outdated go one by one, since each takes running replicas along.
func disruption() Disruption {
	return Disruption{
		ConsolidationPolicy: "WhenEmpty",
		ConsolidateAfter:    consolidateAfter,
		Budgets: []Budget{
			{Nodes: "100%", Reasons: []string{"Empty"}},
			{Nodes: "1", Reasons: []string{"Drifted"}},
		},
	}
}

// nodeLabels are what models select nodes by (see the package serving), and by what
// the GPU operator finds the settings of a node.
func nodeLabels(pool *fleet.GPUPool) map[string]string {
	labels := map[string]string{object.LabelGPUClass: pool.Class}
	if pool.MIG != nil {
		labels[labelMIGLayout] = pool.Name
	}
	if s := pool.Sharing; s != nil {
		labels[object.LabelGPUSharing] = s.Mode
		labels[object.TaintTenant] = s.Tenant
		labels[labelDevicePlugin] = devicePluginName(s)
	}
	return labels
}

// taints keep off the nodes what needs no GPU, and off shared ones every tenant but
// the one that they are dedicated to.
func taints(pool *fleet.GPUPool) []corev1.Taint {
	out := []corev1.Taint{{Key: object.TaintGPU, Effect: corev1.TaintEffectNoSchedule}}
	if s := pool.Sharing; s != nil {
		out = append(out, corev1.Taint{Key: object.TaintTenant, Value: s.Tenant, Effect: corev1.TaintEffectNoSchedule})
	}
	return out
}

func requirements(c *fleet.Cluster, pool *fleet.GPUPool) []NodeRequirement {
	return []NodeRequirement{
		in(corev1.LabelInstanceTypeStable, pool.InstanceTypes...),
		in(karpenterGroup+"/capacity-type", capacityTypes(pool)...),
		in(corev1.LabelTopologyZone, c.Region.Zones...),
		in(corev1.LabelOSStable, "linux"),
	}
}

func in(label string, values ...string) NodeRequirement {
	return NodeRequirement{Key: label, Operator: "In", Values: values}
}

// capacityTypes are the pool's, in their order of preference.
func capacityTypes(pool *fleet.GPUPool) []string {
	var out []string
	for _, t := range capacityOrder {
		if slices.Contains(pool.CapacityTypes, t) {
			out = append(out, string(t))
		}
	}
	return out
}

// limits are the pool's most nodes and, where GPUs are given out whole, its most GPUs:
// with types of several sizes, as many as the most nodes of the largest have.
// Parts of GPUs are not counted: Karpenter counts what a node is sold with.
func limits(f *fleet.Fleet, pool *fleet.GPUPool) corev1.ResourceList {
	list := corev1.ResourceList{"nodes": count(pool.MaxNodes)}
	if pool.MIG == nil && pool.Sharing == nil {
		most := 0
		for _, name := range pool.InstanceTypes {
			most = max(most, f.InstanceTypes[name].GPUs)
		}
		list[resourceGPU] = count(pool.MaxNodes * most)
	}
	return list
}
