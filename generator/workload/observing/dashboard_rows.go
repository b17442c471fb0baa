package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// row is a titled line of panels.
type row struct {
	title  string
	panels []panel
}

// rows are the dashboard, in the order of an on-call person's questions: is something
// wrong, do callers notice, do requests wait, do the replicas live, are they large enough.
func rows(s scope) []row {
	return []row{
		{"Requests", []panel{requestRate(s), latency(s), errorRatePanel(s), burn(s), firingAlerts(s)}},
		{"Queue and batches", []panel{queueLength(s), batchSize(s)}},
		{"Pods", []panel{runningPods(s), restarts(s), averageCPU(s), cpuPerPod(s), memoryPerPod(s)}},
		{"GPUs", []panel{gpuUtilizationPanel(s), gpuMemory(s)}},
	}
}

func requestRate(s scope) panel {
	return panel{
		title: "Request rate", unit: "reqps", description: "Answered requests a second, all replicas together.",
		curves: []curve{{expr: s.own(RecordRequests), legend: "{{model}}"}},
	}
}

func latency(s scope) panel {
	return panel{
		title: "Latency", unit: "s", description: "A request's time in the server; dashed what slo.latencyP99 promises. For Triton, the slowest replica's.",
		curves: []curve{
			{expr: s.own(RecordLatencyP50), legend: "{{model}} p50"},
			{expr: s.own(RecordLatencyP95), legend: "{{model}} p95"},
			{expr: s.own(RecordLatencyP99), legend: "{{model}} p99"},
			{expr: s.own(RecordLatencyObjective), legend: "{{model}} promised", promised: true},
		},
	}
}

func errorRatePanel(s scope) panel {
	return panel{
		title: "Error rate", unit: "percentunit", description: "Requests that failed by the server's fault, over 5 minutes; dashed what slo.availability allows.",
		curves: []curve{
			{expr: s.own(RecordErrors), legend: "{{model}}"},
			{expr: s.own(RecordErrorBudget), legend: "{{model}} allowed", promised: true},
		},
	}
}

func burn(s scope) panel {
	times := func(window time.Duration) string {
		return s.promised(errorRatio(window), "/", s.own(RecordErrorBudget))
	}
	return panel{
		title: "Error budget burn", unit: "short", description: "How many times faster than slo.availability allows: 14.4 over an hour or 6 over six hours wakes somebody.",
		curves: []curve{
			{expr: times(time.Hour), legend: "{{model}} 1 h"},
			{expr: times(6 * time.Hour), legend: "{{model}} 6 h"},
			{expr: times(72 * time.Hour), legend: "{{model}} 3 d"},
		},
	}
}

func firingAlerts(s scope) panel {
	alerts := selector("ALERTS", matcher("namespace", "=", s.namespace), matcher("model", s.is, s.model), matcher("alertstate", "=", "firing"))
	return panel{
		title: "Alerts", unit: "short", description: "Alerts that fire; each has a runbook.",
		curves: []curve{{expr: "count by (model, alertname, severity) (" + alerts + ")", legend: "{{model}} {{alertname}} ({{severity}})"}},
	}
}

func queueLength(s scope) panel {
	return panel{
		title: "Queue length", unit: "short", description: "Requests that wait, on average, at a replica: what the autoscaler reads.",
		curves: []curve{{expr: s.own(RecordQueue), legend: "{{model}}"}},
	}
}

func batchSize(s scope) panel {
	return panel{
		title: "Batch size", unit: "short", description: "Average rows of a batch.",
		curves: []curve{{expr: s.own(RecordBatch), legend: "{{model}}"}},
	}
}

func runningPods(s scope) panel {
	deployment := func(metric string) string {
		return selector(metric, matcher("namespace", "=", s.namespace), matcher("deployment", s.is, s.model))
	}
	return panel{
		title: "Running pods", unit: "short", description: "Replicas that serve; dashed how many are asked for.",
		curves: []curve{
			{expr: deployment("kube_deployment_status_replicas_available"), legend: "{{deployment}}"},
			{expr: deployment("kube_deployment_spec_replicas"), legend: "{{deployment}} asked for", promised: true},
		},
	}
}

func restarts(s scope) panel {
	return panel{
		title: "Restarts", unit: "short", description: "Restarts of the server in the last ten minutes, by pod.",
		curves: []curve{{
			expr:   "sum by (pod) (increase(" + s.containers("kube_pod_container_status_restarts_total") + "[10m])) > 0",
			legend: "{{pod}}",
		}},
	}
}

func averageCPU(s scope) panel {
	// What is measured of pods does not say whose they are, but their names do.
	byModel := `avg by (model) (label_replace(` + cpuShare(s) + `, "model", "$1", "pod", "` + contract.PodPattern("(.+)") + `"))`
	return panel{
		title: "Average CPU", unit: "percentunit", description: "Of what a replica asked for, average of a model's replicas.",
		curves: []curve{{expr: byModel, legend: "{{model}}"}},
	}
}

func cpuPerPod(s scope) panel {
	return panel{
		title: "CPU per pod", unit: "percentunit", description: "Of what the replica asked for.",
		curves: []curve{{expr: cpuShare(s), legend: "{{pod}}"}},
	}
}

func memoryPerPod(s scope) panel {
	return panel{
		title: "Memory per pod", unit: "percentunit", description: "Working set, of what the replica asked for. At 100 % the kernel kills it.",
		curves: []curve{{expr: memoryShare(s), legend: "{{pod}}"}},
	}
}

// gpuUtilizationPanel shows whole GPUs and MIG instances, which DCGM measures differently.
func gpuUtilizationPanel(s scope) panel {
	return panel{
		title: "GPU utilisation", unit: "percent", description: "Time in which the GPU, or MIG instance, was busy. A GPU shared by MPS or time-slicing counts for one of its pods only.",
		curves: []curve{
			{expr: "avg by (pod) (" + gpuPercent(s, false) + ")", legend: "{{pod}}"},
			{expr: "avg by (pod) (" + gpuPercent(s, true) + ") unless on (pod) " + gpuPercent(s, false), legend: "{{pod}} (MIG)"},
		},
	}
}

func gpuMemory(s scope) panel {
	used, free := "sum by (pod) ("+s.gpus(contract.GPUMemoryUsed)+")", "sum by (pod) ("+s.gpus(contract.GPUMemoryFree)+")"
	return panel{
		title: "GPU memory", unit: "percentunit", description: "Used frame buffer, of all that the pod's GPUs have.",
		curves: []curve{{expr: used + " / (" + used + " + " + free + ")", legend: "{{pod}}"}},
	}
}
