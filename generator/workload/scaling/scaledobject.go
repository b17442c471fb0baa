package scaling

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ScaledObject is the part of keda.sh/v1alpha1 that we write. KEDA's own module would
// bring some hundred others along; its CRD's schema checks this one in the tests.
type ScaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ScaledObjectSpec `json:"spec"`
}

// ScaledObjectSpec says what KEDA scales, how far, and by which triggers.
type ScaledObjectSpec struct {
	ScaleTargetRef ScaleTarget `json:"scaleTargetRef"`
	// CooldownPeriod is how long, in seconds, nothing may have been active before the
	// last replica goes; only where MinReplicaCount is 0.
	CooldownPeriod  *int32    `json:"cooldownPeriod,omitempty"`
	MinReplicaCount int32     `json:"minReplicaCount"`
	MaxReplicaCount int32     `json:"maxReplicaCount"`
	Advanced        Advanced  `json:"advanced"`
	Triggers        []Trigger `json:"triggers"`
}

// ScaleTarget is the object whose replicas are counted.
type ScaleTarget struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
}

// Advanced is what KEDA puts into the HPA that it makes.
type Advanced struct {
	HorizontalPodAutoscalerConfig HPAConfig `json:"horizontalPodAutoscalerConfig"`
}

// HPAConfig names that HPA, and says how fast it moves.
type HPAConfig struct {
	Name     string                                         `json:"name"`
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior"`
}

// Trigger is one reason to scale; the one that asks for most replicas wins. Metadata
// is what the type's scaler reads, all of it as text.
type Trigger struct {
	Type string `json:"type"`
	// Name is how KEDA's own metrics and events call it.
	Name string `json:"name"`
	// MetricType is as an HPA's target: AverageValue is shared out over the
	// replicas, Value is compared as it is, Utilization is percent of the request.
	MetricType autoscalingv2.MetricTargetType `json:"metricType,omitempty"`
	Metadata   map[string]string              `json:"metadata"`
}
