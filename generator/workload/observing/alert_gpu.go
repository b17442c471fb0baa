package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// measurableGPU says whether DCGM can tell what the model does to its GPUs: not where several
// pods share one by MPS or time-slicing, for it sees the GPU and not who uses it.
func measurableGPU(m *fleet.Model) bool { return m.Spec.GPU != nil && !m.Spec.GPU.Shared() }

func gpuAlerts() []alert {
	return []alert{{
		name: "ModelGPUHigh", severity: SeverityWarning, holds: 5 * time.Minute,
		expr: func(s scope, m *fleet.Model) string {
			return "avg(" + gpuPercent(s, m.Spec.GPU.MIGProfile() != "") + ") > 85"
		},
		summary:     "the GPUs are nearly used up",
		description: "On average the model's GPUs have been busy more than 85 % of the time for 5 minutes: {{ $value | humanize }} %.",
	}}
}

// gpuPercent is how busy each GPU, or MIG instance, of the model is.
func gpuPercent(s scope, mig bool) string {
	if mig {
		return s.gpus(contract.GPUEngineActive) + " * 100"
	}
	return s.gpus(contract.GPUUtilization)
}
