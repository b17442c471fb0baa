package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// The DCGM exporter's metrics, from its default list (etc/default-counters.csv of
// NVIDIA/dcgm-exporter).
const (
	// gpuUtilization is percent of the time; DCGM has none for MIG instances.
	gpuUtilization = "DCGM_FI_DEV_GPU_UTIL"
	// gpuEngineActive is the like as 0 to 1, also of a MIG instance.
	gpuEngineActive = "DCGM_FI_PROF_GR_ENGINE_ACTIVE"
	// gpuMemoryUsed and gpuMemoryFree are MiB of frame buffer.
	gpuMemoryUsed = "DCGM_FI_DEV_FB_USED"
	gpuMemoryFree = "DCGM_FI_DEV_FB_FREE"
)

// measurableGPU says whether DCGM can tell what the model does to its GPUs: not where several
// pods share one by MPS or time-slicing, for it sees the GPU and not who uses it.
func measurableGPU(m *fleet.Model) bool { return m.Spec.GPU != nil && !m.Spec.GPU.Shared() }

func gpuAlerts() []alert {
	return []alert{{
		name: "ModelGPUHigh", severity: SeverityWarning, holds: 5 * time.Minute,
		expr: func(s scope, m *fleet.Model) string {
			return "avg by (exported_namespace) (" + gpuPercent(s, m.Spec.GPU.MIGProfile() != "") + ") > 85"
		},
		summary:     "the GPUs are nearly used up",
		description: "On average the model's GPUs have been busy more than 85 % of the time for 5 minutes: {{ $value | humanize }} %.",
	}}
}

// gpuPercent is how busy each GPU, or MIG instance, of the model is.
func gpuPercent(s scope, mig bool) string {
	if mig {
		return s.gpus(gpuEngineActive) + " * 100"
	}
	return s.gpus(gpuUtilization)
}
