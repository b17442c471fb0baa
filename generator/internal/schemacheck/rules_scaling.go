package schemacheck

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func horizontalPodAutoscaler(h *autoscalingv2.HorizontalPodAutoscaler) field.ErrorList {
	spec := field.NewPath("spec")
	minimum := int32(1) // the API server's default
	if h.Spec.MinReplicas != nil {
		minimum = *h.Spec.MinReplicas
	}
	// 0 is behind the alpha feature gate HPAScaleToZero.
	found := atLeast(spec.Child("minReplicas"), &minimum, 1)
	if h.Spec.MaxReplicas < minimum {
		found = append(found, field.Invalid(spec.Child("maxReplicas"), h.Spec.MaxReplicas, "must be greater than or equal to `minReplicas`"))
	}
	target := spec.Child("scaleTargetRef")
	if h.Spec.ScaleTargetRef.Kind == "" || h.Spec.ScaleTargetRef.Name == "" {
		found = append(found, field.Required(target, "kind and name"))
	}
	for i := range h.Spec.Metrics {
		found = append(found, metric(&h.Spec.Metrics[i], spec.Child("metrics").Index(i))...)
	}
	if b := h.Spec.Behavior; b != nil {
		found = append(found, scalingRules(b.ScaleUp, spec.Child("behavior", "scaleUp"))...)
		found = append(found, scalingRules(b.ScaleDown, spec.Child("behavior", "scaleDown"))...)
	}
	return found
}

// metric wants the one source that the type names.
func metric(m *autoscalingv2.MetricSpec, path *field.Path) field.ErrorList {
	if setPointers(*m) != 1 {
		return field.ErrorList{field.Invalid(path, m.Type, "must have exactly one source")}
	}
	switch {
	case m.Type == autoscalingv2.PodsMetricSourceType && m.Pods != nil:
		found := metricName(m.Pods.Metric, path.Child("pods", "metric"))
		return append(found, metricTarget(m.Pods.Target, path.Child("pods", "target"), autoscalingv2.AverageValueMetricType)...)
	case m.Type == autoscalingv2.ObjectMetricSourceType && m.Object != nil:
		found := metricName(m.Object.Metric, path.Child("object", "metric"))
		return append(found, metricTarget(m.Object.Target, path.Child("object", "target"), autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType)...)
	case m.Type == autoscalingv2.ExternalMetricSourceType && m.External != nil:
		found := metricName(m.External.Metric, path.Child("external", "metric"))
		return append(found, metricTarget(m.External.Target, path.Child("external", "target"), autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType)...)
	case m.Type == autoscalingv2.ResourceMetricSourceType && m.Resource != nil:
		return metricTarget(m.Resource.Target, path.Child("resource", "target"), autoscalingv2.UtilizationMetricType, autoscalingv2.AverageValueMetricType)
	case m.Type == autoscalingv2.ContainerResourceMetricSourceType && m.ContainerResource != nil:
		return metricTarget(m.ContainerResource.Target, path.Child("containerResource", "target"), autoscalingv2.UtilizationMetricType, autoscalingv2.AverageValueMetricType)
	}
	return field.ErrorList{field.Invalid(path.Child("type"), m.Type, "must name the source that is set")}
}

func metricName(m autoscalingv2.MetricIdentifier, path *field.Path) field.ErrorList {
	var found field.ErrorList
	if m.Name == "" {
		found = append(found, field.Required(path.Child("name"), ""))
	}
	if m.Selector != nil {
		found = append(found, labelSelector(m.Selector, path.Child("selector"))...)
	}
	return found
}

// metricTarget wants the one value that the type names, and more than nothing of it.
func metricTarget(t autoscalingv2.MetricTarget, path *field.Path, allowed ...autoscalingv2.MetricTargetType) field.ErrorList {
	if setPointers(t) != 1 {
		return field.ErrorList{field.Invalid(path, t.Type, "must have exactly one value")}
	}
	var positive bool
	switch {
	case t.Type == autoscalingv2.UtilizationMetricType && t.AverageUtilization != nil:
		positive = *t.AverageUtilization > 0
	case t.Type == autoscalingv2.ValueMetricType && t.Value != nil:
		positive = t.Value.Sign() > 0
	case t.Type == autoscalingv2.AverageValueMetricType && t.AverageValue != nil:
		positive = t.AverageValue.Sign() > 0
	default:
		return field.ErrorList{field.Invalid(path.Child("type"), t.Type, "must name the value that is set")}
	}
	for _, a := range allowed {
		if a == t.Type {
			if !positive {
				return field.ErrorList{field.Invalid(path, t.Type, "must be positive")}
			}
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path.Child("type"), t.Type, allowed)}
}

func scalingRules(r *autoscalingv2.HPAScalingRules, path *field.Path) field.ErrorList {
	if r == nil {
		return nil
	}
	var found field.ErrorList
	if w := r.StabilizationWindowSeconds; w != nil {
		found = append(found, messages(path.Child("stabilizationWindowSeconds"), *w, validation.IsInRange(int(*w), 0, 3600))...)
	}
	if s := r.SelectPolicy; s != nil && *s != autoscalingv2.MaxChangePolicySelect && *s != autoscalingv2.MinChangePolicySelect && *s != autoscalingv2.DisabledPolicySelect {
		found = append(found, field.NotSupported(path.Child("selectPolicy"), *s, []string{"Disabled", "Max", "Min"}))
	}
	if len(r.Policies) == 0 {
		found = append(found, field.Required(path.Child("policies"), "must specify at least one Policy"))
	}
	for i, p := range r.Policies {
		at := path.Child("policies").Index(i)
		if p.Type != autoscalingv2.PodsScalingPolicy && p.Type != autoscalingv2.PercentScalingPolicy {
			found = append(found, field.NotSupported(at.Child("type"), p.Type, []string{"Percent", "Pods"}))
		}
		found = append(found, atLeast(at.Child("value"), &p.Value, 1)...)
		found = append(found, messages(at.Child("periodSeconds"), p.PeriodSeconds, validation.IsInRange(int(p.PeriodSeconds), 1, 1800))...)
	}
	return found
}

// recommendation is the part of autoscaling.k8s.io/v1 that is judged.
type recommendation struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		TargetRef      struct{ Kind, Name string }
		StartupBoost   map[string]any
		ResourcePolicy struct {
			ContainerPolicies []struct {
				ContainerName string
				StartupBoost  map[string]any
			}
		}
	}
}

// verticalPodAutoscaler wants a policy for each container once, and no boost at the
// start, whose rules are CEL and not evaluated here.
func verticalPodAutoscaler(v *recommendation) field.ErrorList {
	spec := field.NewPath("spec")
	var found field.ErrorList
	if v.Spec.StartupBoost != nil {
		found = append(found, field.Forbidden(spec.Child("startupBoost"), "its CEL rules are not evaluated here"))
	}
	seen := map[string]bool{}
	for i, p := range v.Spec.ResourcePolicy.ContainerPolicies {
		at := spec.Child("resourcePolicy", "containerPolicies").Index(i)
		if p.StartupBoost != nil {
			found = append(found, field.Forbidden(at.Child("startupBoost"), "its CEL rules are not evaluated here"))
		}
		if seen[p.ContainerName] {
			found = append(found, field.Duplicate(at.Child("containerName"), p.ContainerName))
		}
		seen[p.ContainerName] = true
	}
	return found
}

func podDisruptionBudget(p *policyv1.PodDisruptionBudget) field.ErrorList {
	spec := field.NewPath("spec")
	var found field.ErrorList
	if p.Spec.MinAvailable != nil && p.Spec.MaxUnavailable != nil {
		found = append(found, field.Invalid(spec, "", "minAvailable and maxUnavailable cannot be both set"))
	}
	found = append(found, intOrPercent(spec.Child("minAvailable"), p.Spec.MinAvailable)...)
	found = append(found, intOrPercent(spec.Child("maxUnavailable"), p.Spec.MaxUnavailable)...)
	return append(found, labelSelector(p.Spec.Selector, spec.Child("selector"))...)
}
