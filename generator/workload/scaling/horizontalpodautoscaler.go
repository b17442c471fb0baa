package scaling

import (
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/seconds"
)

// HorizontalPodAutoscaler adds replicas when any of the model's metrics asks for
// them. The cluster needs an adapter that serves the queue metric on the
// custom.metrics.k8s.io API. At least one replica stays: scaling to zero is not
// an HPA's business. There is none where the number of replicas is fixed.
func HorizontalPodAutoscaler(p *fleet.Placement, m *fleet.Model) *autoscalingv2.HorizontalPodAutoscaler {
	if m.Spec.Replicas.Fixed() {
		return nil
	}
	return &autoscalingv2.HorizontalPodAutoscaler{
		TypeMeta:   metav1.TypeMeta{APIVersion: "autoscaling/v2", Kind: "HorizontalPodAutoscaler"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{
				APIVersion: "apps/v1", Kind: "Deployment", Name: m.Name,
			},
			MinReplicas: new(max(m.Spec.Replicas.Min, 1)),
			MaxReplicas: m.Spec.Replicas.Max,
			Metrics:     scalingMetrics(m),
			Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{
				ScaleUp:   scaleUp(m.Spec.Scaling.Up),
				ScaleDown: scaleDown(m.Spec.Scaling.Down),
			},
		},
	}
}

func scalingMetrics(m *fleet.Model) []autoscalingv2.MetricSpec {
	specs := []autoscalingv2.MetricSpec{scalingMetric(m, m.Spec.Scaling.ScalingMetric)}
	for _, also := range m.Spec.Scaling.Also {
		specs = append(specs, scalingMetric(m, also))
	}
	return specs
}

// scalingMetric reads waiting requests from the runtime's own gauge, and CPU and
// memory as a share of what the server (not the pod) requests.
func scalingMetric(m *fleet.Model, s fleet.ScalingMetric) autoscalingv2.MetricSpec {
	if s.Metric == "queue-depth" {
		return autoscalingv2.MetricSpec{
			Type: autoscalingv2.PodsMetricSourceType,
			Pods: &autoscalingv2.PodsMetricSource{
				Metric: autoscalingv2.MetricIdentifier{Name: m.Spec.Runtime.QueueMetric()},
				Target: autoscalingv2.MetricTarget{
					Type:         autoscalingv2.AverageValueMetricType,
					AverageValue: resource.NewQuantity(int64(s.Target), resource.DecimalSI),
				},
			},
		}
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

// scaleUp is immediate: a queue that is long now is somebody's latency now.
func scaleUp(up fleet.ScaleUp) *autoscalingv2.HPAScalingRules {
	period := seconds.Whole(up.Period.Duration)
	return &autoscalingv2.HPAScalingRules{
		StabilizationWindowSeconds: new(int32(0)),
		SelectPolicy:               new(autoscalingv2.MaxChangePolicySelect),
		Policies: []autoscalingv2.HPAScalingPolicy{
			{Type: autoscalingv2.PercentScalingPolicy, Value: up.Percent, PeriodSeconds: period},
			{Type: autoscalingv2.PodsScalingPolicy, Value: up.Pods, PeriodSeconds: period},
		},
	}
}

// scaleDown waits, because a replica given back too early costs its whole startup.
func scaleDown(down fleet.ScaleDown) *autoscalingv2.HPAScalingRules {
	return &autoscalingv2.HPAScalingRules{
		StabilizationWindowSeconds: new(int32(seconds.Ceil(down.Window.Duration, time.Second))),
		SelectPolicy:               new(autoscalingv2.MaxChangePolicySelect),
		Policies: []autoscalingv2.HPAScalingPolicy{
			{Type: autoscalingv2.PercentScalingPolicy, Value: down.Percent, PeriodSeconds: seconds.Whole(down.Period.Duration)},
		},
	}
}
