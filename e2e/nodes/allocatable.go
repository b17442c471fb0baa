package nodes

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// maxPods is the number of pods that a node takes: Kubernetes' own advice
// ("Considerations for large clusters").
const maxPods = 110

// allocatable is what is left of an instance for pods.
//
// Memory: the hypervisor takes some, 7.5 % by Karpenter's default
// (vmMemoryOverheadPercent); then EKS nodes reserve 255 MiB and 11 MiB a pod for
// the kubelet, and 100 MiB before they evict. CPU: they reserve 6 % of the first
// core, 1 % of the second, 0.5 % of the next two and 0.25 % of the others
// (amazon-eks-ami, nodeadm, "kubeReserved").
func allocatable(t InstanceType) corev1.ResourceList {
	memory := int64(t.MemoryGiB)<<30*925/1000 - (255+11*maxPods+100)<<20
	reserved := int64(60) + 10 + 5*2 // thousandths of a core; every type has four or more
	milli := int64(t.VCPU)*1000 - reserved - int64(t.VCPU-4)*25/10
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewMilliQuantity(milli, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(memory, resource.BinarySI),
		corev1.ResourcePods:   *resource.NewQuantity(maxPods, resource.DecimalSI),
	}
}
