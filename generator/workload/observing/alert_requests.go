package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// waitingBatches is how many full batches may wait at a replica. With more, requests wait
// longer than they are computed, and the autoscaler has not helped.
const waitingBatches = 4

// requestAlerts are on what callers notice.
func requestAlerts() []alert {
	return []alert{
		{
			name: "ModelLatencyP95High", severity: SeverityWarning, holds: 2 * time.Minute,
			expr:        func(s scope, _ *fleet.Model) string { return s.own(RecordLatencyP95) + " > 5" },
			summary:     "one request in twenty takes longer than 5 s",
			description: "The 95th percentile of a request's time in the server has been above 5 s for 2 minutes; it is {{ $value | humanizeDuration }}.",
		},
		{
			name: "ModelLatencyObjectiveMissed", severity: SeverityWarning, holds: 2 * time.Minute,
			expr: func(s scope, _ *fleet.Model) string {
				return s.promised(RecordLatencyP99, ">", s.own(RecordLatencyObjective))
			},
			summary:     "one request in a hundred takes longer than was promised",
			description: "The 99th percentile of a request's time in the server has been above the model's slo.latencyP99 for 2 minutes; it is {{ $value | humanizeDuration }}.",
		},
		errorRate(SeverityWarning, "1 %", "0.01"),
		errorRate(SeverityCritical, "5 %", "0.05"),
		{
			name: "ModelQueueLong", severity: SeverityWarning, holds: 10 * time.Minute,
			expr: func(s scope, m *fleet.Model) string {
				return s.own(RecordQueue) + " > " + number(float64(waitingBatches*m.Spec.Batching.MaxSize))
			},
			summary:     "requests queue up faster than they are served",
			description: "On average {{ $value | humanize }} requests have waited at every replica for 10 minutes, more than four full batches.",
		},
		{
			name: "ModelMetricsMissing", severity: SeverityWarning, holds: 10 * time.Minute,
			expr: func(s scope, _ *fleet.Model) string {
				ready := "sum by (namespace) (" + s.pods("kube_pod_status_ready", matcher("condition", "=", "true")) + ") > 0"
				seen := "(sum by (namespace) (" + s.scraped("up") + ") > 0)"
				return ready + "\nunless on (namespace)\n" + seen
			},
			summary:     "replicas are ready, but Prometheus gets no metrics from them",
			description: "{{ $value }} replicas have been ready for 10 minutes and none could be scraped: the other alerts on this model's requests are blind.",
		},
	}
}

func errorRate(severity, percent, ratio string) alert {
	return alert{
		name: "ModelErrorRateHigh", severity: severity, holds: 5 * time.Minute,
		expr:        func(s scope, _ *fleet.Model) string { return s.own(RecordErrors) + " > " + ratio },
		summary:     "more than " + percent + " of requests fail",
		description: "{{ $value | humanizePercentage }} of requests have failed by the server's fault for 5 minutes.",
	}
}
