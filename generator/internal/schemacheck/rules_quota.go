package schemacheck

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// extended says whether a resource is one that a device plugin brings, such as
// nvidia.com/gpu. There is no half of one.
func extended(name corev1.ResourceName) bool {
	domain, _, qualified := strings.Cut(string(name), "/")
	return qualified && !strings.HasSuffix(domain, "kubernetes.io") && !strings.HasPrefix(domain, "requests.") && domain != "count"
}

// amountOf judges an amount of anything.
func amountOf(name corev1.ResourceName, amount resource.Quantity, path *field.Path) field.ErrorList {
	if amount.Sign() < 0 {
		return field.ErrorList{field.Invalid(path, amount.String(), "must be greater than or equal to 0")}
	}
	plain := corev1.ResourceName(strings.TrimPrefix(string(name), "requests."))
	if (extended(plain) || counted(name)) && amount.MilliValue()%1000 != 0 {
		return field.ErrorList{field.Invalid(path, amount.String(), "must be an integer")}
	}
	return nil
}

// counted says whether a quota of that name counts objects.
func counted(name corev1.ResourceName) bool {
	return strings.HasPrefix(string(name), "count/") || slices.Contains([]corev1.ResourceName{
		"pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "persistentvolumeclaims",
		"services.nodeports", "services.loadbalancers",
	}, name)
}

func resourceQuota(q *corev1.ResourceQuota) field.ErrorList {
	var found field.ErrorList
	for name, amount := range q.Spec.Hard {
		at := field.NewPath("spec", "hard").Key(string(name))
		found = append(found, metavalidation.ValidateLabelName(string(name), at)...)
		found = append(found, amountOf(name, amount, at)...)
		rest := name
		for _, prefix := range []string{"requests.", "limits."} {
			rest = corev1.ResourceName(strings.TrimPrefix(string(rest), prefix))
		}
		switch {
		case name == rest && extended(name):
			// The API server takes it and counts nothing: nobody would be held to the quota.
			found = append(found, field.Invalid(at, name, "a quota of an extended resource is only counted as requests."+string(name)))
		case !counted(name) && !strings.Contains(string(name), "/") &&
			!slices.Contains([]corev1.ResourceName{"cpu", "memory", "ephemeral-storage", "storage"}, rest):
			found = append(found, field.Invalid(at, name, "must be a standard resource for quota"))
		}
	}
	return found
}

func limitRange(l *corev1.LimitRange) field.ErrorList {
	var found field.ErrorList
	types := map[corev1.LimitType]bool{}
	for i, item := range l.Spec.Limits {
		at := field.NewPath("spec", "limits").Index(i)
		if types[item.Type] {
			found = append(found, field.Duplicate(at.Child("type"), item.Type))
		}
		types[item.Type] = true
		switch item.Type {
		case corev1.LimitTypeContainer:
		case corev1.LimitTypePod, corev1.LimitTypePersistentVolumeClaim:
			if len(item.Default)+len(item.DefaultRequest) > 0 {
				found = append(found, field.Forbidden(at, "only containers have defaults"))
			}
		default:
			found = append(found, field.NotSupported(at.Child("type"), item.Type, []string{"Container", "Pod", "PersistentVolumeClaim"}))
		}
		found = append(found, ascending(item, at)...)
	}
	return found
}

// ascending wants min ≤ defaultRequest ≤ default ≤ max for every resource that has two of them.
func ascending(item corev1.LimitRangeItem, path *field.Path) field.ErrorList {
	var found field.ErrorList
	steps := []struct {
		name    string
		amounts corev1.ResourceList
	}{{"min", item.Min}, {"defaultRequest", item.DefaultRequest}, {"default", item.Default}, {"max", item.Max}}
	for i, low := range steps {
		for name, lowAmount := range low.amounts {
			at := path.Child(low.name).Key(string(name))
			found = append(found, metavalidation.ValidateLabelName(string(name), at)...)
			found = append(found, amountOf(name, lowAmount, at)...)
			for _, high := range steps[i+1:] {
				if highAmount, ok := high.amounts[name]; ok && lowAmount.Cmp(highAmount) > 0 {
					found = append(found, field.Invalid(at, lowAmount.String(), fmt.Sprintf("is more than %s, %s", high.name, highAmount.String())))
				}
			}
		}
	}
	return found
}

// highestPriority is the most that a user's class may have: above it is Kubernetes
// itself (HighestUserDefinablePriority in k8s.io/kubernetes/pkg/apis/scheduling).
const highestPriority = 1_000_000_000

func priorityClass(p *schedulingv1.PriorityClass) field.ErrorList {
	if p.Value > highestPriority {
		return field.ErrorList{field.Invalid(field.NewPath("value"), p.Value, fmt.Sprintf("must be at most %d", highestPriority))}
	}
	return nil
}
