package scaling

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// VerticalPodAutoscaler is the part of autoscaling.k8s.io/v1 that we write. Its CRD's
// schema checks it in the tests.
type VerticalPodAutoscaler struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              VPASpec `json:"spec"`
}

// VPASpec says whose pods are watched, and what becomes of it.
type VPASpec struct {
	TargetRef      ScaleTarget       `json:"targetRef"`
	UpdatePolicy   VPAUpdatePolicy   `json:"updatePolicy"`
	ResourcePolicy VPAResourcePolicy `json:"resourcePolicy"`
}

// VPAUpdatePolicy says who applies a recommendation.
type VPAUpdatePolicy struct {
	UpdateMode string `json:"updateMode"`
}

// VPAResourcePolicy says what is recommended, container by container.
type VPAResourcePolicy struct {
	ContainerPolicies []VPAContainerPolicy `json:"containerPolicies"`
}

// VPAContainerPolicy is about one container.
type VPAContainerPolicy struct {
	ContainerName       string   `json:"containerName"`
	Mode                string   `json:"mode,omitempty"`
	ControlledResources []string `json:"controlledResources,omitempty"`
}
