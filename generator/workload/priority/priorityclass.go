package priority

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Classes are the PriorityClasses of all tiers, by name. The set is the same in every
// cluster.
func Classes(c *fleet.Cluster, f *fleet.Fleet) []*schedulingv1.PriorityClass {
	var classes []*schedulingv1.PriorityClass
	for _, tier := range tiers(f) {
		classes = append(classes, class(tier, rank(tier, c, f)))
	}
	return classes
}

// class ranks a tier's pods. Where GPUs run short, a better tier's pods
// evict a lesser tier's: that is what a tier promises. It is never the default:
// pods of other namespaces should not fall into a tenant's tier.
//
// Kubernetes never changes the value of a PriorityClass. To rank a tier anew, make a
// new tier and move its tenants.
func class(tier string, value int32) *schedulingv1.PriorityClass {
	labels := object.PlatformLabels()
	labels[object.LabelTier] = tier
	return &schedulingv1.PriorityClass{
		TypeMeta:         metav1.TypeMeta{APIVersion: schedulingv1.SchemeGroupVersion.String(), Kind: "PriorityClass"},
		ObjectMeta:       metav1.ObjectMeta{Name: fleet.PriorityClass(tier), Labels: labels},
		Value:            value,
		Description:      "Models of tenants of tier " + tier + ".",
		PreemptionPolicy: new(corev1.PreemptLowerPriority),
	}
}

// tiers are the names of the tiers of all environments, sorted.
func tiers(f *fleet.Fleet) []string {
	names := map[string]bool{}
	for _, env := range f.Environments {
		for name := range env.Spec.Tiers {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// rank is a tier's priority in the cluster's environment. Where there is no cluster,
// or its environment does not know the tier, it is that of the first environment
// that does: clusters whose environments agree, as they mostly do, then have what
// the base has, and an environment that takes up the tier later, with the same
// rank, has no value to change.
func rank(tier string, c *fleet.Cluster, f *fleet.Fleet) int32 {
	if c != nil {
		if t, ok := c.Environment.Spec.Tiers[tier]; ok {
			return t.Priority
		}
	}
	for _, env := range f.Environments {
		if t, ok := env.Spec.Tiers[tier]; ok {
			return t.Priority
		}
	}
	return 0
}
