package schemacheck

import (
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// scaledObject is the part of keda.sh/v1alpha1 that is judged.
type scaledObject struct {
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef  struct{ Kind, Name string }
		MinReplicaCount *int32
		MaxReplicaCount *int32
		Advanced        struct {
			HorizontalPodAutoscalerConfig struct {
				Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
			}
		}
		Triggers []scaledObjectTrigger
	}
}

type scaledObjectTrigger struct {
	Type, Name, MetricType string
	Metadata               map[string]string
}

// triggerFields are what KEDA's scalers insist on (pkg/scalers of its release).
var triggerFields = map[string][]string{
	"prometheus": {"serverAddress", "query", "threshold"},
	"cron":       {"timezone", "start", "end", "desiredReplicas"},
	"cpu":        {"value"},
	"memory":     {"value"},
}

// scaledObjectRules are the CRD's CEL rule, what KEDA's webhook refuses, and what its
// scalers do not start without.
func scaledObjectRules(o *scaledObject) field.ErrorList {
	spec := field.NewPath("spec")
	most := int32(100) // KEDA's default
	if o.Spec.MaxReplicaCount != nil {
		most = *o.Spec.MaxReplicaCount
	}
	var found field.ErrorList
	if least := o.Spec.MinReplicaCount; least != nil && *least > most {
		found = append(found, field.Invalid(spec.Child("minReplicaCount"), *least, "must be less than or equal to maxReplicaCount"))
	}
	if b := o.Spec.Advanced.HorizontalPodAutoscalerConfig.Behavior; b != nil {
		at := spec.Child("advanced", "horizontalPodAutoscalerConfig", "behavior")
		found = append(found, scalingRules(b.ScaleUp, at.Child("scaleUp"))...)
		found = append(found, scalingRules(b.ScaleDown, at.Child("scaleDown"))...)
	}
	var names []string
	resourcesOnly := true
	for i, t := range o.Spec.Triggers {
		at := spec.Child("triggers").Index(i)
		if t.Name != "" && slices.Contains(names, t.Name) {
			found = append(found, field.Duplicate(at.Child("name"), t.Name))
		}
		names = append(names, t.Name)
		resourcesOnly = resourcesOnly && (t.Type == "cpu" || t.Type == "memory")
		found = append(found, trigger(t, at)...)
	}
	if resourcesOnly && (o.Spec.MinReplicaCount == nil || *o.Spec.MinReplicaCount == 0) {
		found = append(found, field.Invalid(spec.Child("minReplicaCount"), 0, "cpu and memory alone cannot scale to zero"))
	}
	return found
}

func trigger(t scaledObjectTrigger, at *field.Path) field.ErrorList {
	wanted, known := triggerFields[t.Type]
	if !known {
		return field.ErrorList{field.NotSupported(at.Child("type"), t.Type, []string{"cpu", "cron", "memory", "prometheus"})}
	}
	var found field.ErrorList
	for _, name := range wanted {
		if t.Metadata[name] == "" {
			found = append(found, field.Required(at.Child("metadata", name), fmt.Sprintf("by the %s scaler", t.Type)))
		}
	}
	if utilization := t.MetricType == string(autoscalingv2.UtilizationMetricType); utilization != (t.Type == "cpu" || t.Type == "memory") {
		found = append(found, field.Invalid(at.Child("metricType"), t.MetricType, "Utilization is for cpu and memory, which we give no other"))
	}
	return found
}
