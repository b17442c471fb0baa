package scaling

import (
	"strconv"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// triggers are the model's metrics in their order, then the guardrail.
func triggers(p *fleet.Placement, m *fleet.Model) []Trigger {
	var out []Trigger
	for _, metric := range m.Spec.Scaling.Metrics() {
		out = append(out, metricTrigger(p, m, metric))
	}
	return append(out, latencyTrigger(p, m))
}

// metricTrigger shares waiting requests out over the replicas, holds the work of
// GPUs against its target as an average, and leaves CPU and memory of the server's
// container to the HPA that KEDA makes.
func metricTrigger(p *fleet.Placement, m *fleet.Model, s fleet.ScalingMetric) Trigger {
	target := strconv.Itoa(int(s.Target))
	switch s.Metric {
	case fleet.QueueDepth:
		return prometheus(p, s.Metric, autoscalingv2.AverageValueMetricType, queueQuery(p.Tenant, m), target)
	case fleet.GPUUtilization:
		return prometheus(p, s.Metric, autoscalingv2.ValueMetricType, gpuQuery(p.Tenant, m), target)
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
	return prometheus(p, "latency-p99", autoscalingv2.ValueMetricType, latencyQuery(p.Tenant, m), promised)
}

// prometheus is a trigger on what a query gives. One that gives nothing is an error
// and not a zero: an HPA with a metric that fails does not scale down, while zeros
// would take a model whose monitoring broke down to its fewest replicas.
func prometheus(p *fleet.Placement, name string, kind autoscalingv2.MetricTargetType, query, threshold string) Trigger {
	t := Trigger{
		Type: "prometheus", Name: name, MetricType: kind,
		Metadata: map[string]string{"query": query, "threshold": threshold, "ignoreNullValues": "false"},
	}
	if p.Cluster != nil {
		t.Metadata["serverAddress"] = p.Cluster.Spec.Observability.PrometheusURL()
	}
	return t
}
