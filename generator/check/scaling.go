package check

import (
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// scaling asks whether what a model is scaled by exists where it runs.
func (c *checker) scaling(p *fleet.Placement) {
	for _, m := range p.Models {
		c.schedules(p, m)
		if m.Spec.Replicas.Fixed() {
			continue
		}
		if m.SleepsAtZero() {
			c.sleep(p, m)
		}
		for i, metric := range m.Spec.Scaling.Metrics() {
			if metric.Metric == fleet.GPUUtilization {
				c.gpuUtilization(m, metricPath(i))
			}
		}
	}
}

// sleep asks whether a model without replicas is scaled by something that can do
// without any, and whether anything would wake it.
func (c *checker) sleep(p *fleet.Placement, m *fleet.Model) {
	at := m.Origins.Origin("replicas", "min")
	scaling := p.Cluster.Spec.Scaling
	override := "override replicas.min there"
	if computed(at) {
		override = "override replicas there: the traffic leaves none at " + m.Plan.QuietHour
	}
	switch {
	case !p.ScaledByKEDA():
		c.refuse(at, "scaling to zero needs KEDA, and cluster "+p.Cluster.Name+" scales by HPAs"+trailing(by(at, m)), "",
			override)
	case len(m.Spec.Scaling.Schedules) > 0:
	case scaling.WakeBy == "":
		c.refuse(at, "nothing would wake model "+m.Name+" in cluster "+p.Cluster.Name+" once it has no replicas"+trailing(by(at, m)),
			"a schedule, or a gateway that counts requests (scaling.wakeBy of the cluster)", "add scaling.schedules, or "+override)
	case m.Spec.Expose == nil:
		c.refuse(at, "nothing would wake model "+m.Name+" once it has no replicas, because no gateway leads to it"+trailing(by(at, m)),
			"", "add expose or scaling.schedules, or raise replicas.min")
	}
}

// metricPath is where the i-th of a model's measures stands.
func metricPath(i int) []string {
	if i == 0 {
		return []string{"scaling", "metric"}
	}
	return []string{"scaling", "also", strconv.Itoa(i - 1), "metric"}
}

// gpuUtilization refuses the measure where there is no GPU, and where DCGM cannot
// tell whose work a GPU does.
func (c *checker) gpuUtilization(m *fleet.Model, path []string) {
	at := m.Origins.Origin(path...)
	switch g := m.Spec.GPU; {
	case g == nil:
		c.refuse(at, "model "+m.Name+" is scaled by its GPUs, and has none"+trailing(by(at, m)), "",
			"scale it by queue-depth or cpu, or give it a gpu")
	case g.Shared():
		c.refuse(at, "model "+m.Name+" is scaled by its GPUs, which it shares by "+g.Sharing+trailing(by(at, m)),
			"of a shared GPU nobody can tell who uses it", "scale it by queue-depth there")
	}
}
