package scaling

import (
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// triggers are the model's metrics in their order, the guardrail, what keeps a model
// awake that may sleep, and the schedules.
func triggers(p *fleet.Placement, m *fleet.Model) []Trigger {
	var out []Trigger
	for _, metric := range m.Spec.Scaling.Metrics() {
		out = append(out, metricTrigger(p, m, metric))
	}
	out = append(out, latencyTrigger(p, m))
	if m.SleepsAtZero() {
		out = append(out, activityTrigger(p, m))
	}
	for i, schedule := range m.Spec.Scaling.Schedules {
		out = append(out, scheduleTrigger(i, schedule))
	}
	return out
}

// metricTrigger shares waiting requests out over the replicas, holds the work of
// GPUs against its target as an average, and leaves CPU and memory of the server's
// container to the HPA that KEDA makes.
func metricTrigger(p *fleet.Placement, m *fleet.Model, s fleet.ScalingMetric) Trigger {
	target := strconv.Itoa(int(s.Target))
	switch s.Metric {
	case fleet.QueueDepth:
		return prometheus(p, m, s.Metric, autoscalingv2.AverageValueMetricType, queueQuery(p.Tenant, m), target)
	case fleet.GPUUtilization:
		return prometheus(p, m, s.Metric, autoscalingv2.ValueMetricType, gpuQuery(p.Tenant, m), target)
	}
	return Trigger{
		Type: s.Metric, Name: s.Metric, MetricType: autoscalingv2.UtilizationMetricType,
		Metadata: map[string]string{"containerName": contract.ServerContainer, "value": target},
	}
}

// latencyTrigger is the guardrail: when the 99th percentile is twice what was
// promised, it asks for twice the replicas.
func latencyTrigger(p *fleet.Placement, m *fleet.Model) Trigger {
	promised := strconv.FormatFloat(m.Spec.SLO.LatencyP99.Seconds(), 'f', -1, 64)
	return prometheus(p, m, "latency-p99", autoscalingv2.ValueMetricType, latencyQuery(p.Tenant, m), promised)
}

// activityTrigger is active while somebody asks the model, or somebody asked the
// gateway for it in vain, and asks for one replica; the others ask for more. Without
// it a model that answers faster than its queue is looked at would be put to sleep
// at work.
func activityTrigger(p *fleet.Placement, m *fleet.Model) Trigger {
	return prometheus(p, m, "activity", autoscalingv2.AverageValueMetricType, activityQuery(p, m), "1")
}

// scheduleTrigger asks for a schedule's replicas while it lasts.
func scheduleTrigger(i int, s fleet.Schedule) Trigger {
	start, end := s.Cron()
	return Trigger{
		Type: "cron", Name: "schedule-" + strconv.Itoa(i+1),
		Metadata: map[string]string{"timezone": s.TimeZone, "start": start, "end": end, "desiredReplicas": strconv.Itoa(int(s.Min))},
	}
}

// prometheus is a trigger on what a query gives. One that gives nothing is an error
// and not a zero: an HPA with a metric that fails does not scale down, while zeros
// would take a model whose monitoring broke down to its fewest replicas. Only of a
// model that may have no replicas is nothing to be expected.
func prometheus(p *fleet.Placement, m *fleet.Model, name string, kind autoscalingv2.MetricTargetType, query, threshold string) Trigger {
	t := Trigger{
		Type: "prometheus", Name: name, MetricType: kind,
		Metadata: map[string]string{"query": query, "threshold": threshold, "ignoreNullValues": strconv.FormatBool(m.SleepsAtZero())},
	}
	if p.Cluster != nil {
		t.Metadata["serverAddress"] = p.Cluster.Spec.Observability.PrometheusURL()
	}
	return t
}
