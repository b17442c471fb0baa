package scaling

import (
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

// adapterPlacement is in a cluster that has a metrics adapter.
func adapterPlacement(t *testing.T) *fleet.Placement {
	t.Helper()
	_, p, _ := workloadtest.Fixture(t)
	p.Cluster.Spec.Scaling.MetricsAdapter = true
	return p
}

// The HPA names things in other objects; a wrong name leaves it blind.
func TestAutoscalerReferences(t *testing.T) {
	p := adapterPlacement(t)
	for _, m := range p.Models {
		scaler := HorizontalPodAutoscaler(p, m)
		if (scaler == nil) != m.Spec.Replicas.Fixed() {
			t.Errorf("%s: fixed replicas %v, scaled %v", m.Name, m.Spec.Replicas.Fixed(), scaler != nil)
		}
		if scaler == nil {
			continue
		}
		target := scaler.Spec.ScaleTargetRef
		d := serving.Deployment(p, m)
		if target.Name != d.Name || target.Kind != d.Kind || target.APIVersion != d.APIVersion {
			t.Errorf("%s scales %+v", m.Name, target)
		}
	}
	m := workloadtest.Model(t, p, "sentiment")
	for _, metric := range HorizontalPodAutoscaler(p, m).Spec.Metrics[1:3] {
		if got := metric.ContainerResource.Container; got != serving.Deployment(p, m).Spec.Template.Spec.Containers[0].Name {
			t.Errorf("measures container %q", got)
		}
	}
}

func TestAutoscalerMetrics(t *testing.T) {
	p := adapterPlacement(t)
	for model, want := range map[string]string{
		"sentiment": "inference_queue_length", "vision": "nv_inference_pending_request_count",
	} {
		pods := HorizontalPodAutoscaler(p, workloadtest.Model(t, p, model)).Spec.Metrics[0].Pods
		if pods.Metric.Name != want || pods.Target.Type != autoscalingv2.AverageValueMetricType || pods.Target.AverageValue.Value() != 10 {
			t.Errorf("%s scales on %+v", model, pods)
		}
	}
	also := HorizontalPodAutoscaler(p, workloadtest.Model(t, p, "sentiment")).Spec.Metrics[1:3]
	got := map[string]int32{}
	for _, metric := range also {
		got[string(metric.ContainerResource.Name)] = *metric.ContainerResource.Target.AverageUtilization
	}
	if got["cpu"] != 70 || got["memory"] != 80 {
		t.Errorf("sentiment also scales on %v", got)
	}
}

// The last metric is the guardrail, on the Service that the model's requests go to.
func TestAutoscalerGuardsLatency(t *testing.T) {
	p := adapterPlacement(t)
	for _, m := range p.Models {
		scaler := HorizontalPodAutoscaler(p, m)
		if scaler == nil {
			continue
		}
		last := scaler.Spec.Metrics[len(scaler.Spec.Metrics)-1].Object
		if last == nil || last.DescribedObject.Kind != "Service" || last.DescribedObject.Name != serving.Service(p, m).Name ||
			last.Target.Type != autoscalingv2.ValueMetricType || last.Target.Value.String() != "100m" {
			t.Errorf("%s: the guardrail is %+v", m.Name, last)
		}
	}
}

func TestAutoscalerBehavior(t *testing.T) {
	p := adapterPlacement(t)
	m := workloadtest.Model(t, p, "sentiment")
	spec := HorizontalPodAutoscaler(p, m).Spec
	if *spec.MinReplicas != 2 || spec.MaxReplicas != 10 {
		t.Errorf("scales from %d to %d", *spec.MinReplicas, spec.MaxReplicas)
	}
	up := spec.Behavior.ScaleUp
	if *up.StabilizationWindowSeconds != 0 || *up.SelectPolicy != "Max" || len(up.Policies) != 2 ||
		up.Policies[0] != (autoscalingv2.HPAScalingPolicy{Type: "Percent", Value: 100, PeriodSeconds: 15}) ||
		up.Policies[1] != (autoscalingv2.HPAScalingPolicy{Type: "Pods", Value: 4, PeriodSeconds: 15}) {
		t.Errorf("up: %+v", up)
	}
	down := spec.Behavior.ScaleDown
	if *down.StabilizationWindowSeconds != 300 || len(down.Policies) != 1 ||
		down.Policies[0] != (autoscalingv2.HPAScalingPolicy{Type: "Percent", Value: 50, PeriodSeconds: 60}) {
		t.Errorf("down: %+v", down)
	}

	// Parts of seconds are rounded up; a window may be nothing, a period may not.
	m.Spec.Scaling.Up.Period = metav1.Duration{Duration: 1500 * time.Millisecond}
	m.Spec.Scaling.Down = fleet.ScaleDown{Percent: 10, Period: metav1.Duration{Duration: time.Millisecond}}
	behavior := HorizontalPodAutoscaler(p, m).Spec.Behavior
	if got := behavior.ScaleUp.Policies[0].PeriodSeconds; got != 2 {
		t.Errorf("1.5s became %ds", got)
	}
	if got := behavior.ScaleDown; *got.StabilizationWindowSeconds != 0 || got.Policies[0].PeriodSeconds != 1 {
		t.Errorf("down: %+v", got)
	}
}

// An HPA with 0 replicas is refused unless an alpha feature is on.
func TestAutoscalerKeepsOneReplica(t *testing.T) {
	p := adapterPlacement(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Replicas.Min = 0
	if got := *HorizontalPodAutoscaler(p, m).Spec.MinReplicas; got != 1 {
		t.Errorf("scales down to %d", got)
	}
}
