package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// podAlerts are on the replicas and what they use.
func podAlerts() []alert {
	return []alert{
		{
			name: "ModelNotReady", severity: SeverityCritical, holds: 5 * time.Minute,
			expr:        noReplica,
			summary:     "no replica is ready",
			description: "{{ $value }} replicas are asked for and none has been available for 5 minutes: nobody gets an answer.",
		},
		{
			name: "ModelNotReady", severity: SeverityWarning, holds: 5 * time.Minute,
			expr:        unreadyPods,
			summary:     "a replica is not ready",
			description: "Pod {{ $labels.pod }} has not been ready for 5 minutes, and its startup timeout is over.",
		},
		{
			name: "ModelRestarts", severity: SeverityCritical,
			expr: func(s scope, _ *fleet.Model) string {
				return "sum by (namespace, pod) (increase(" + s.containers("kube_pod_container_status_restarts_total") + "[10m])) > 3"
			},
			summary:     "a replica keeps restarting",
			description: "The server in pod {{ $labels.pod }} was restarted {{ $value | humanize }} times in 10 minutes.",
		},
		{
			name: "ModelPending", severity: SeverityWarning, holds: 2 * time.Minute,
			expr: func(s scope, _ *fleet.Model) string {
				return s.pods("kube_pod_status_scheduled", matcher("condition", "=", "false")) + " == 1"
			},
			summary:     "a replica has no node",
			description: "Pod {{ $labels.pod }} has waited for a node for 2 minutes.",
		},
		{
			name: "ModelCPUHigh", severity: SeverityWarning, holds: 10 * time.Minute,
			expr:        func(s scope, _ *fleet.Model) string { return "avg by (namespace) (" + cpuShare(s) + ") > 0.8" },
			summary:     "the replicas' CPUs are nearly used up",
			description: "On average the replicas have used more than 80 % of their CPU for 10 minutes: {{ $value | humanizePercentage }}.",
		},
		{
			name: "ModelMemoryHigh", severity: SeverityCritical, holds: 5 * time.Minute,
			expr:        func(s scope, _ *fleet.Model) string { return memoryShare(s) + " > 0.9" },
			summary:     "a replica is about to run out of memory",
			description: "Pod {{ $labels.pod }} has used more than 90 % of its memory for 5 minutes: {{ $value | humanizePercentage }}. At 100 % the kernel kills it.",
		},
	}
}

// noReplica is a Deployment that should have replicas and has none that serves, unless all of
// its pods are young enough to be still starting, as after a scaling from zero.
func noReplica(s scope, m *fleet.Model) string {
	deployment := func(metric string) string {
		return selector(metric, matcher("namespace", "=", s.namespace), matcher("deployment", "=", m.Name))
	}
	starting := "(max by (namespace) (time() - " + s.pods("kube_pod_created") + ") < " + startupSeconds(m) + ")"
	return deployment("kube_deployment_spec_replicas") + " > 0\n" +
		"and on (namespace, deployment)\n" +
		deployment("kube_deployment_status_replicas_available") + " == 0\n" +
		"unless on (namespace)\n" + starting
}

// unreadyPods are pods that a node has taken and whose startup timeout is over. A pod that
// ends is unready, as it should be; so is one that was evicted, whose remains say Failed for days.
func unreadyPods(s scope, m *fleet.Model) string {
	return s.pods("kube_pod_status_ready", matcher("condition", "=", "true")) + " == 0\n" +
		"and on (namespace, pod)\n" +
		"(" + s.pods("kube_pod_status_phase", matcher("phase", "=~", "Pending|Running")) + " == 1)\n" +
		"and on (namespace, pod)\n" +
		"(time() - " + s.pods("kube_pod_start_time") + " > " + startupSeconds(m) + ")\n" +
		"unless on (namespace, pod)\n" +
		s.pods("kube_pod_deletion_timestamp")
}

func startupSeconds(m *fleet.Model) string { return number(m.Spec.Startup.Timeout.Seconds()) }

// cpuShare is how much of its CPUs each replica uses, 0 to 1.
func cpuShare(s scope) string {
	return "sum by (namespace, pod) (rate(" + s.containers("container_cpu_usage_seconds_total") + "[5m]))" +
		" / sum by (namespace, pod) (" + s.containers("kube_pod_container_resource_limits", matcher("resource", "=", "cpu")) + ")"
}

// memoryShare is how much of its memory each replica cannot give back, 0 to 1.
func memoryShare(s scope) string {
	return "max by (namespace, pod) (" + s.containers("container_memory_working_set_bytes") + ")" +
		" / max by (namespace, pod) (" + s.containers("kube_pod_container_resource_limits", matcher("resource", "=", "memory")) + ")"
}
