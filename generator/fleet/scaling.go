package fleet

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// The measures that an autoscaler can aim at.
const (
	QueueDepth        = "queue-depth"
	CPUUtilization    = "cpu"
	MemoryUtilization = "memory"
	GPUUtilization    = "gpu"
)

// Scaling is what the autoscaler aims at and how fast it moves.
type Scaling struct {
	ScalingMetric
	// Also are further metrics; the one that asks for most replicas wins.
	Also []ScalingMetric `json:"also,omitempty"`
	// Schedules are times at which more replicas are wanted than Replicas.Min.
	Schedules []Schedule `json:"schedules,omitempty"`
	Up        ScaleUp    `json:"up"`
	Down      ScaleDown  `json:"down"`
}

// ScalingMetric is a measure and its target: waiting requests a pod for
// queue-depth, percent of the request for cpu and memory, percent of the time that
// the GPUs work for gpu.
type ScalingMetric struct {
	Metric string `json:"metric"` // queue-depth | cpu | memory | gpu
	Target int32  `json:"target"`
}

// Metrics are all measures, the first first.
func (s Scaling) Metrics() []ScalingMetric {
	return append([]ScalingMetric{s.ScalingMetric}, s.Also...)
}

// ScaleUp adds Percent or Pods, whichever is more, in every Period.
type ScaleUp struct {
	Percent int32           `json:"percent"`
	Pods    int32           `json:"pods"`
	Period  metav1.Duration `json:"period"`
}

// ScaleDown removes at most Percent in every Period, after Window without need.
type ScaleDown struct {
	Percent int32           `json:"percent"`
	Period  metav1.Duration `json:"period"`
	Window  metav1.Duration `json:"window"`
}

// ClusterScaling is what a cluster has for scaling models.
type ClusterScaling struct {
	// MetricsAdapter says that an adapter serves custom metrics, so that HPAs scale
	// the models; KEDA does without one.
	MetricsAdapter bool `json:"metricsAdapter,omitempty"`
	// VPA says that the VerticalPodAutoscaler's recommender runs.
	VPA bool `json:"vpa,omitempty"`
	// WakeBy names the gateway ("istio") whose count of requests is in Prometheus, so
	// that a request can wake a model that has no replicas; empty = none.
	WakeBy string `json:"wakeBy,omitempty"`
}

// ScaledByKEDA says whether KEDA scales the placement's models, rather than an HPA
// of ours. KEDA is the rule, so it is in a tenant's Base too.
func (p *Placement) ScaledByKEDA() bool {
	return p.Cluster == nil || !p.Cluster.Spec.Scaling.MetricsAdapter
}
