package schemacheck

import (
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func deployment(d *appsv1.Deployment) field.ErrorList {
	spec := field.NewPath("spec")
	found := servingTemplate(&d.Spec.Template, d.Spec.Selector, nil, spec)
	found = append(found, atLeast(spec.Child("replicas"), d.Spec.Replicas, 0)...)
	found = append(found, atLeast(spec.Child("revisionHistoryLimit"), d.Spec.RevisionHistoryLimit, 0)...)
	found = append(found, apivalidation.ValidateNonnegativeField(int64(d.Spec.MinReadySeconds), spec.Child("minReadySeconds"))...)
	deadline := int32(600) // the API server's default
	if d.Spec.ProgressDeadlineSeconds != nil {
		deadline = *d.Spec.ProgressDeadlineSeconds
	}
	if deadline <= d.Spec.MinReadySeconds {
		found = append(found, field.Invalid(spec.Child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"))
	}
	return append(found, deploymentStrategy(&d.Spec.Strategy, spec.Child("strategy"))...)
}

func deploymentStrategy(s *appsv1.DeploymentStrategy, path *field.Path) field.ErrorList {
	rolling := s.RollingUpdate
	if rolling == nil {
		return nil
	}
	path = path.Child("rollingUpdate")
	if s.Type == appsv1.RecreateDeploymentStrategyType {
		return field.ErrorList{field.Forbidden(path, "may not stand beside type Recreate")}
	}
	found := intOrPercent(path.Child("maxSurge"), rolling.MaxSurge)
	found = append(found, intOrPercent(path.Child("maxUnavailable"), rolling.MaxUnavailable)...)
	if zero(rolling.MaxSurge) && zero(rolling.MaxUnavailable) {
		found = append(found, field.Invalid(path, "0 and 0", "maxSurge and maxUnavailable may not both be 0"))
	}
	return found
}

func statefulSet(s *appsv1.StatefulSet) field.ErrorList {
	spec := field.NewPath("spec")
	var claims []string
	for _, claim := range s.Spec.VolumeClaimTemplates {
		claims = append(claims, claim.Name)
	}
	found := servingTemplate(&s.Spec.Template, s.Spec.Selector, claims, spec)
	return append(found, atLeast(spec.Child("replicas"), s.Spec.Replicas, 0)...)
}

func daemonSet(d *appsv1.DaemonSet) field.ErrorList {
	return servingTemplate(&d.Spec.Template, d.Spec.Selector, nil, field.NewPath("spec"))
}

func cronJob(c *batchv1.CronJob) field.ErrorList {
	return jobTemplate(&c.Spec.JobTemplate.Spec, field.NewPath("spec", "jobTemplate", "spec"))
}

// jobTemplate judges a Job's spec.
func jobTemplate(j *batchv1.JobSpec, path *field.Path) field.ErrorList {
	found := podTemplate(&j.Template, nil, path.Child("template"))
	found = append(found, atLeast(path.Child("parallelism"), j.Parallelism, 0)...)
	found = append(found, atLeast(path.Child("completions"), j.Completions, 0)...)
	found = append(found, atLeast(path.Child("backoffLimit"), j.BackoffLimit, 0)...)
	found = append(found, atLeast(path.Child("activeDeadlineSeconds"), j.ActiveDeadlineSeconds, 0)...)
	found = append(found, atLeast(path.Child("ttlSecondsAfterFinished"), j.TTLSecondsAfterFinished, 0)...)
	if policy := j.Template.Spec.RestartPolicy; policy != corev1.RestartPolicyNever && policy != corev1.RestartPolicyOnFailure {
		found = append(found, field.NotSupported(path.Child("template", "spec", "restartPolicy"), policy, []string{"Never", "OnFailure"}))
	}
	return found
}

// servingTemplate judges the template of pods that run for ever and the selector that finds them.
func servingTemplate(t *corev1.PodTemplateSpec, selector *metav1.LabelSelector, claims []string, spec *field.Path) field.ErrorList {
	path := spec.Child("template")
	found := podTemplate(t, claims, path)
	if policy := t.Spec.RestartPolicy; policy != "" && policy != corev1.RestartPolicyAlways {
		found = append(found, field.NotSupported(path.Child("spec", "restartPolicy"), policy, []string{"Always"}))
	}
	if t.Spec.ActiveDeadlineSeconds != nil {
		found = append(found, field.Forbidden(path.Child("spec", "activeDeadlineSeconds"), "the pods run for ever"))
	}
	at := spec.Child("selector")
	if selector == nil || len(selector.MatchLabels)+len(selector.MatchExpressions) == 0 {
		return append(found, field.Required(at, "an empty selector would select every pod"))
	}
	if wrong := labelSelector(selector, at); len(wrong) > 0 {
		return append(found, wrong...)
	}
	if matcher, err := metav1.LabelSelectorAsSelector(selector); err != nil {
		found = append(found, field.Invalid(at, selector, err.Error()))
	} else if !matcher.Matches(labels.Set(t.Labels)) {
		found = append(found, field.Invalid(path.Child("metadata", "labels"), t.Labels, "selector does not match template labels"))
	}
	return found
}

func podTemplate(t *corev1.PodTemplateSpec, claims []string, path *field.Path) field.ErrorList {
	meta := path.Child("metadata")
	found := metavalidation.ValidateLabels(t.Labels, meta.Child("labels"))
	found = append(found, apivalidation.ValidateAnnotations(t.Annotations, meta.Child("annotations"))...)
	return append(found, podSpec(&t.Spec, claims, path.Child("spec"))...)
}

func labelSelector(s *metav1.LabelSelector, path *field.Path) field.ErrorList {
	return metavalidation.ValidateLabelSelector(s, metavalidation.LabelSelectorValidationOptions{}, path)
}

// intOrPercent wants a number of at least 0 or a percentage of at most 100; nil is absent.
func intOrPercent(path *field.Path, value *intstr.IntOrString) field.ErrorList {
	if value == nil {
		return nil
	}
	number := int(value.IntVal)
	if value.Type == intstr.String {
		digits, isPercent := strings.CutSuffix(value.StrVal, "%")
		percent, err := strconv.ParseUint(digits, 10, 31)
		if !isPercent || err != nil || percent > 100 {
			return field.ErrorList{field.Invalid(path, value.StrVal, "must be a number or a percentage of at most 100%")}
		}
		number = int(percent)
	}
	return apivalidation.ValidateNonnegativeField(int64(number), path)
}

func zero(value *intstr.IntOrString) bool {
	return value != nil && (value.String() == "0" || value.String() == "0%")
}
