package serving

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestGPUResource(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	for _, c := range []struct {
		gpu  *fleet.GPU
		want corev1.ResourceName
	}{
		{&fleet.GPU{Class: "a10g", Count: 1, Sharing: fleet.Exclusive}, "nvidia.com/gpu"},
		{&fleet.GPU{Class: "a10g", Count: 4, Sharing: fleet.Exclusive}, "nvidia.com/gpu"},
		{&fleet.GPU{Class: "a100-40gb", Count: 2, Sharing: "mig-1g.5gb"}, "nvidia.com/mig-1g.5gb"},
		{&fleet.GPU{Class: "a10g", Count: 1, Sharing: "mps"}, "nvidia.com/gpu.shared"},
		{&fleet.GPU{Class: "a10g", Count: 1, Sharing: "time-slicing"}, "nvidia.com/gpu.shared"},
		{nil, ""},
	} {
		m.Spec.GPU = c.gpu
		pod := podSpec(p, m)
		limits := pod.Containers[0].Resources.Limits
		if c.gpu == nil {
			if len(limits) != 2 {
				t.Errorf("a CPU model asks for %v", limits)
			}
			continue
		}
		got := limits[c.want]
		request := pod.Containers[0].Resources.Requests[c.want]
		if len(limits) != 3 || got.Value() != int64(c.gpu.Count) || request.Cmp(got) != 0 {
			t.Errorf("%+v asks for %v", c.gpu, limits)
		}
		// One GPU a pod, not one a container.
		if init := pod.InitContainers[0].Resources.Limits; len(init) != 2 {
			t.Errorf("fetch asks for %v", init)
		}
	}
}

// PodRequests is what the scheduler counts, and fetching adds nothing to it.
func TestPodRequests(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, size := range []struct{ cpu, memory string }{{"2", "8Gi"}, {"250m", "256Mi"}, {"1", "512Mi"}, {"100m", "64Gi"}} {
		m := workloadtest.Model(t, p, "vision")
		m.Spec.Resources = fleet.Resources{CPU: resource.MustParse(size.cpu), Memory: resource.MustParse(size.memory)}
		want := corev1.ResourceList{}
		for _, c := range containers(podSpec(p, m)) {
			for name, q := range c.Resources.Requests {
				if have := want[name]; have.Cmp(q) < 0 {
					want[name] = q
				}
			}
		}
		got := PodRequests(m)
		if len(got) != len(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		for name, q := range want {
			if have := got[name]; have.Cmp(q) != 0 {
				t.Errorf("%v: %s is %s, want %s", size, name, have.String(), q.String())
			}
		}
		if cpu, memory := got[corev1.ResourceCPU], got[corev1.ResourceMemory]; cpu.Cmp(m.Spec.Resources.CPU) != 0 || memory.Cmp(m.Spec.Resources.Memory) != 0 {
			t.Errorf("%v: fetching makes it %s and %s", size, cpu.String(), memory.String())
		}
	}
}
