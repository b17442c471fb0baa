package serving

import (
	"maps"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// PodRequests is what the scheduler, and a quota, count for one pod of m: for each
// resource the larger of the init container's request and the server's. Extended
// resources (GPUs) are included under the name of NVIDIA's device plugin.
func PodRequests(m *fleet.Model) corev1.ResourceList {
	requests := serverResources(m)
	for name, q := range fetchResources(m) {
		if have, ok := requests[name]; !ok || have.Cmp(q) < 0 {
			requests[name] = q
		}
	}
	return requests
}

// serverResources are the model's CPU and memory, and its GPUs.
func serverResources(m *fleet.Model) corev1.ResourceList {
	list := corev1.ResourceList{
		corev1.ResourceCPU:    m.Spec.Resources.CPU.DeepCopy(),
		corev1.ResourceMemory: m.Spec.Resources.Memory.DeepCopy(),
	}
	if g := m.Spec.GPU; g != nil {
		list[corev1.ResourceName(g.Resource())] = *resource.NewQuantity(int64(g.Count), resource.DecimalSI)
	}
	return list
}

// guaranteed requests as much as it limits. In both containers of a pod this
// makes the QoS class Guaranteed: the last to be evicted, and never slowed by a
// neighbour's burst.
func guaranteed(list corev1.ResourceList) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: list, Limits: maps.Clone(list)}
}
