package check

import (
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// scaling asks whether what a model is scaled by exists where it runs.
func (c *checker) scaling(p *fleet.Placement) {
	for _, m := range p.Models {
		if m.Spec.Replicas.Fixed() {
			continue
		}
		for i, metric := range m.Spec.Scaling.Metrics() {
			if metric.Metric == fleet.GPUUtilization {
				c.gpuUtilization(m, metricPath(i))
			}
		}
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
