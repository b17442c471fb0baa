package scaling

import (
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/seconds"
)

// behavior is how fast replicas come and go, whoever counts them: KEDA's
// ScaledObjects make HPAs too.
func behavior(m *fleet.Model) *autoscalingv2.HorizontalPodAutoscalerBehavior {
	return &autoscalingv2.HorizontalPodAutoscalerBehavior{
		ScaleUp:   scaleUp(m.Spec.Scaling.Up),
		ScaleDown: scaleDown(m.Spec.Scaling.Down),
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
		StabilizationWindowSeconds: new(window(down)),
		SelectPolicy:               new(autoscalingv2.MaxChangePolicySelect),
		Policies: []autoscalingv2.HPAScalingPolicy{
			{Type: autoscalingv2.PercentScalingPolicy, Value: down.Percent, PeriodSeconds: seconds.Whole(down.Period.Duration)},
		},
	}
}

// window is how long fewer replicas must have sufficed, in seconds; 0 is at once.
func window(down fleet.ScaleDown) int32 {
	return int32(seconds.Ceil(down.Window.Duration, time.Second))
}
