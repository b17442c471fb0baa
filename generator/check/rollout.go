package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

// standstill asks whether the pools that a model may run on hold its fewest replicas and
// the pod that a rolling update adds. Where they do not, every update waits for ever.
func (c *checker) standstill(p *fleet.Placement, pools []*fleet.GPUPool, m *fleet.Model) (shortage, bool) {
	room := 0
	for _, pool := range pools {
		room += pool.MaxNodes * c.replicasOn(pool, m)
	}
	fewest, surge := int(m.Spec.Replicas.Min), int(serving.SurgePods(m))
	if room >= fewest+surge {
		return shortage{}, false
	}
	at := m.Origins.Origin("replicas", "min")
	expected, fix := "", "lower replicas.min, or ask the platform team for more maxNodes"
	if computed(at) {
		expected = "computed from the traffic of its quietest hour, " + m.Plan.QuietHour
		fix = correction(p.Tenant, m) + ", or ask the platform team for more maxNodes"
	}
	return shortage{
		at: at, expected: expected, fix: fix,
		message: fmt.Sprintf("replicas.min%s is %d and a rolling update adds %d, but the pools of %%s that offer %s hold %d",
			by(at, m), fewest, surge, asks(m), room),
	}, true
}

// replicasOn is how many replicas the largest node of a pool holds. As in fits, what the
// system takes of a node is not counted.
func (c *checker) replicasOn(pool *fleet.GPUPool, m *fleet.Model) int {
	most := 0
	for _, name := range pool.InstanceTypes {
		t := c.fleet.InstanceTypes[name]
		most = max(most, min(
			t.GPUs*c.units(pool, m.Spec.GPU)/m.Spec.GPU.Count,
			int(int64(t.VCPU)*1000/m.Spec.Resources.CPU.MilliValue()),
			int(int64(t.MemoryGiB)<<30/m.Spec.Resources.Memory.Value()),
		))
	}
	return most
}
