package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

// quota holds a tenant's quota against what its models need at the least: their
// fewest replicas and their canaries', and the pods that a rolling update adds. With less, a
// deployment that nothing is wrong with stops half-way. A quota is for each
// cluster, so the one that needs most is all that there is to say.
func (c *checker) quota(t *fleet.Tenant) {
	most := map[corev1.ResourceName]need{}
	for _, p := range t.Placements {
		for name, n := range needs(p) {
			if n.total.Cmp(most[name].total) > 0 {
				most[name] = n
			}
		}
	}
	for _, name := range keys(most) {
		n := most[name]
		have, path, known := granted(t.Spec.Quota, name)
		if known && n.total.Cmp(have) > 0 {
			slices.Sort(n.pods)
			c.refuse(t.Origins.Origin(path...),
				fmt.Sprintf("%s is %s, but the fewest replicas and a rolling update need %s in cluster %s", strings.Join(path, "."), have.String(), n.total.String(), n.cluster.Name),
				"at least "+strings.Join(n.pods, " + "),
				n.mend())
		}
	}
}

// gpuResources is what the names of all resources of NVIDIA's device plugin begin with.
const gpuResources = "nvidia.com/"

// need is what a tenant's models need of a resource in a cluster.
type need struct {
	total   resource.Quantity
	pods    []string // what the total is made of
	planned []string // the models among them whose replicas are from traffic, and which
	cluster *fleet.Cluster
}

// mend is what makes a need smaller, or room for it.
func (n need) mend() string {
	if len(n.planned) == 0 {
		return "raise the quota, or lower the models' replicas.min or resources"
	}
	slices.Sort(n.planned)
	return "raise the quota, lower the models' replicas.min or resources, or correct the traffic of " + strings.Join(n.planned, " and of ")
}

func needs(p *fleet.Placement) map[corev1.ResourceName]need {
	out := map[corev1.ResourceName]need{}
	for _, m := range p.Servers() {
		count := fewest(m) + serving.SurgePods(m)
		for name, request := range serving.PodRequests(m) {
			if strings.HasPrefix(string(name), gpuResources) && !placeable(p, m) {
				continue // which is reported, and a larger quota would not help
			}
			n := out[name]
			n.cluster = p.Cluster
			n.total.Add(times(request, count))
			if m.Plan != nil {
				n.planned = append(n.planned, fmt.Sprintf("%s: %s", m.Name, m.Plan.Reason()))
			}
			n.pods = append(n.pods, fmt.Sprintf("%s %d×%s", m.Name, count, request.String()))
			out[name] = n
		}
	}
	return out
}

// fewest is how many replicas a model has at the least when it needs most: in the
// largest of its schedules. One that wants more than the most is refused elsewhere.
func fewest(m *fleet.Model) int32 {
	n := m.Spec.Replicas.Min
	for _, s := range m.Spec.Scaling.Schedules {
		n = max(n, min(s.Min, m.Spec.Replicas.Max))
	}
	return n
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
