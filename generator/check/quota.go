package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
)

// quota holds a tenant's quota against what its models need at the least: their
// fewest replicas, and the pods that a rolling update adds to them. With less, a
// deployment that nothing is wrong with stops half-way.
func (c *checker) quota(p *fleet.Placement) {
	need := corev1.ResourceList{}
	pods := map[corev1.ResourceName][]string{}
	for _, m := range p.Models {
		count := m.Spec.Replicas.Min + workload.SurgePods(m)
		for name, request := range workload.PodRequests(m) {
			total := need[name]
			total.Add(times(request, count))
			need[name] = total
			pods[name] = append(pods[name], fmt.Sprintf("%s %d×%s", m.Name, count, request.String()))
		}
	}
	for _, name := range keys(need) {
		have, path, known := granted(p.Tenant.Spec.Quota, name)
		if total := need[name]; known && total.Cmp(have) > 0 {
			slices.Sort(pods[name])
			c.refuse(p.Tenant.Origins.Origin(path...),
				fmt.Sprintf("%s is %s, but the fewest replicas and a rolling update need %s in cluster %s", strings.Join(path, "."), have.String(), total.String(), p.Cluster.Name),
				"at least "+strings.Join(pods[name], " + "),
				"raise the quota, or lower the models' replicas.min or resources")
		}
	}
}

// granted is the quota for a resource, and its path in the tenant's spec.
func granted(q fleet.Quota, name corev1.ResourceName) (resource.Quantity, []string, bool) {
	whole := func(n int) resource.Quantity { return *resource.NewQuantity(int64(n), resource.DecimalSI) }
	switch name {
	case corev1.ResourceCPU:
		return q.CPU, []string{"quota", "cpu"}, true
	case corev1.ResourceMemory:
		return q.Memory, []string{"quota", "memory"}, true
	case "nvidia.com/gpu":
		return whole(q.GPUs), []string{"quota", "gpus"}, true
	case "nvidia.com/gpu.shared":
		return whole(q.SharedGPUs), []string{"quota", "sharedGpus"}, true
	}
	if profile, ok := strings.CutPrefix(string(name), "nvidia.com/mig-"); ok {
		return whole(q.MIG[profile]), []string{"quota", "mig", profile}, true
	}
	return resource.Quantity{}, nil, false
}

func times(q resource.Quantity, n int32) resource.Quantity {
	out := q.DeepCopy()
	out.Mul(int64(n))
	return out
}
