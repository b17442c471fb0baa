package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ContainerLimits holds every container to Guaranteed quality of service: where
// requests equal limits, nobody's memory is overcommitted and nobody's CPU is
// throttled for a neighbour, which is what a latency promise rests on. The ratio
// of 1 refuses what differs; the defaults, equal too, are for containers that
// somebody injects (models always say what they need).
//
// There is no word of GPUs here: a maximum for a resource becomes the default of
// every container that does not ask for it, and each would get a GPU.
func ContainerLimits(p *fleet.Placement) *corev1.LimitRange {
	small := cpuAndMemory(resource.MustParse("100m"), resource.MustParse("128Mi"))
	return limitRange(p.Tenant, "containers", corev1.LimitRangeItem{
		Type:                 corev1.LimitTypeContainer,
		Default:              small,
		DefaultRequest:       small.DeepCopy(),
		Min:                  cpuAndMemory(resource.MustParse("10m"), resource.MustParse("16Mi")),
		MaxLimitRequestRatio: cpuAndMemory(resource.MustParse("1"), resource.MustParse("1")),
	})
}

// PodLimits is the most that one replica may have in the environment; nothing
// where there is no cluster. It is an object of its own because it is all of the
// limits that differs between clusters: Kustomize replaces the list as a whole.
func PodLimits(p *fleet.Placement) *corev1.LimitRange {
	most := cpuAndMemory(resource.MustParse("0"), resource.MustParse("0"))
	if p.Cluster != nil {
		limits := p.Cluster.Environment.Spec.Limits
		most = cpuAndMemory(limits.CPU, limits.Memory)
	}
	return limitRange(p.Tenant, "pods", corev1.LimitRangeItem{Type: corev1.LimitTypePod, Max: most})
}

func limitRange(t *fleet.Tenant, name string, item corev1.LimitRangeItem) *corev1.LimitRange {
	return &corev1.LimitRange{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "LimitRange"},
		ObjectMeta: object.GuardrailMeta(t, name, object.WaveFence),
		Spec:       corev1.LimitRangeSpec{Limits: []corev1.LimitRangeItem{item}},
	}
}

func cpuAndMemory(cpu, memory resource.Quantity) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceCPU: cpu, corev1.ResourceMemory: memory}
}
