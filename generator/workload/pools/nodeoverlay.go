package pools

import (
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// NodeOverlay is the part of karpenter.sh/v1alpha1 that we write.
type NodeOverlay struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              NodeOverlaySpec `json:"spec"`
}

// NodeOverlaySpec says what nodes will have that AWS does not know of.
type NodeOverlaySpec struct {
	Requirements []NodeRequirement   `json:"requirements"`
	Capacity     corev1.ResourceList `json:"capacity"`
}

// resourceGPU is a whole GPU, as NVIDIA's device plugin offers it.
const resourceGPU corev1.ResourceName = "nvidia.com/gpu"

// NodeOverlays tell Karpenter into what the GPU operator will divide a pool's GPUs: it
// plans with what AWS sells, which is whole GPUs, so that without an overlay a pod
// that asks for a part would wait for ever, and one that asks for a whole GPU might
// have a node made that has none to give. They need Karpenter's feature gate
// NodeOverlay. Instance types with different numbers of GPUs have one each.
func NodeOverlays(c *fleet.Cluster, f *fleet.Fleet) []*NodeOverlay {
	var out []*NodeOverlay
	for _, pool := range karpenterPools(c) {
		if pool.MIG == nil && pool.Sharing == nil {
			continue
		}
		types := byGPUs(f, pool)
		for _, gpus := range types.sizes {
			name := pool.Name
			if len(types.sizes) > 1 {
				name += "-" + strconv.Itoa(gpus)
			}
			out = append(out, &NodeOverlay{
				TypeMeta:   metav1.TypeMeta{APIVersion: karpenterGroup + "/v1alpha1", Kind: "NodeOverlay"},
				ObjectMeta: object.PlatformMeta(name),
				Spec: NodeOverlaySpec{
					Requirements: []NodeRequirement{
						in(karpenterGroup+"/nodepool", pool.Name),
						in(corev1.LabelInstanceTypeStable, types.names[gpus]...),
					},
					Capacity: parts(pool, gpus),
				},
			})
		}
	}
	return out
}

// sizedTypes are a pool's instance types by the number of their GPUs.
type sizedTypes struct {
	sizes []int // ascending
	names map[int][]string
}

func byGPUs(f *fleet.Fleet, pool *fleet.GPUPool) sizedTypes {
	types := sizedTypes{names: map[int][]string{}}
	for _, name := range pool.InstanceTypes {
		gpus := f.InstanceTypes[name].GPUs
		if types.names[gpus] == nil {
			types.sizes = append(types.sizes, gpus)
		}
		types.names[gpus] = append(types.names[gpus], name)
	}
	slices.Sort(types.sizes)
	return types
}

// parts are what a node with some GPUs offers once they are divided: no whole one, but
// the instances of the layout, or its shares.
func parts(pool *fleet.GPUPool, gpus int) corev1.ResourceList {
	list := corev1.ResourceList{resourceGPU: count(0)}
	for profile, instances := range pool.MIG {
		list[corev1.ResourceName("nvidia.com/mig-"+profile)] = count(gpus * instances)
	}
	if s := pool.Sharing; s != nil {
		list[resourceGPU+".shared"] = count(gpus * s.Replicas)
	}
	return list
}

func count(n int) resource.Quantity { return *resource.NewQuantity(int64(n), resource.DecimalSI) }
