package scaling

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// HorizontalPodAutoscaler adds replicas when any of the model's metrics, or its
// latency, asks for them, in a cluster that says it has a metrics adapter: what the
// adapter must serve is in MetricsRules. At least one replica stays: scaling to zero
// is not an HPA's business. There is none where the number of replicas is fixed, or
// where KEDA scales.
func HorizontalPodAutoscaler(p *fleet.Placement, m *fleet.Model) *autoscalingv2.HorizontalPodAutoscaler {
	if m.Spec.Replicas.Fixed() || p.ScaledByKEDA() {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Annotations = arithmetic(m)
	return &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: meta,
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
				APIVersion: "apps/v1", Kind: "Deployment", Name: m.Name,
			},
			MinReplicas: new(max(m.Spec.Replicas.Min, 1)),
			MaxReplicas: m.Spec.Replicas.Max,
			Metrics:     metricSpecs(m),
			Behavior:    behavior(m),
		},
	}
}

func metricSpecs(m *fleet.Model) []autoscalingv2.MetricSpec {
	var specs []autoscalingv2.MetricSpec
	for _, metric := range m.Spec.Scaling.Metrics() {
		specs = append(specs, metricSpec(m, metric))
	}
	return append(specs, latencySpec(m))
}

// metricSpec reads waiting requests from the runtime's own gauge, the work of GPUs
// from what the adapter makes of DCGM's, and CPU and memory as a share of what the
// server (not the pod) requests.
func metricSpec(m *fleet.Model, s fleet.ScalingMetric) autoscalingv2.MetricSpec {
	switch s.Metric {
	case fleet.QueueDepth:
		return averageOfPods(m.Spec.Runtime.QueueMetric(), s.Target)
	case fleet.GPUUtilization:
		if byEngine(m) {
			return averageOfPods(servedEngineActive, s.Target)
		}
		return averageOfPods(servedGPUUtilization, s.Target)
	}
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ContainerResourceMetricSourceType,
		ContainerResource: &autoscalingv2.ContainerResourceMetricSource{
			Name:      corev1.ResourceName(s.Metric), // "cpu" and "memory" in both worlds
			Container: contract.ServerContainer,
			Target: autoscalingv2.MetricTarget{
				Type:               autoscalingv2.UtilizationMetricType,
				AverageUtilization: new(s.Target),
			},
		},
	}
}

func averageOfPods(metric string, target int32) autoscalingv2.MetricSpec {
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.PodsMetricSourceType,
		Pods: &autoscalingv2.PodsMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: metric},
			Target: autoscalingv2.MetricTarget{
				Type:         autoscalingv2.AverageValueMetricType,
				AverageValue: resource.NewQuantity(int64(target), resource.DecimalSI),
			},
		},
	}
}

// latencySpec is the guardrail: what the model's Service takes at the 99th
// percentile, beside what was promised. Twice the promise asks for twice the replicas.
func latencySpec(m *fleet.Model) autoscalingv2.MetricSpec {
	served := servedLatency
	if m.Spec.Runtime == fleet.Triton {
		served = servedTritonLatency
	}
	return autoscalingv2.MetricSpec{
		Type: autoscalingv2.ObjectMetricSourceType,
		Object: &autoscalingv2.ObjectMetricSource{
			DescribedObject: autoscalingv2.CrossVersionObjectReference{APIVersion: "v1", Kind: "Service", Name: m.Name},
			Metric:          autoscalingv2.MetricIdentifier{Name: served},
			Target: autoscalingv2.MetricTarget{
				Type:  autoscalingv2.ValueMetricType,
				Value: resource.NewMilliQuantity(m.Spec.SLO.LatencyP99.Milliseconds(), resource.DecimalSI),
			},
		},
	}
}
