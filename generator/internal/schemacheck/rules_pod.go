package schemacheck

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podSpec judges a pod. claims are the names of a StatefulSet's claim templates,
// which its containers mount like volumes.
func podSpec(p *corev1.PodSpec, claims []string, path *field.Path) field.ErrorList {
	found, volumeNames := volumes(p.Volumes, path.Child("volumes"))
	pod := podContext{volumes: slices.Concat(volumeNames, claims), grace: 30, names: map[string]bool{}}
	if p.TerminationGracePeriodSeconds != nil {
		pod.grace = *p.TerminationGracePeriodSeconds
	}
	found = append(found, apivalidation.ValidateNonnegativeField(pod.grace, path.Child("terminationGracePeriodSeconds"))...)
	if len(p.Containers) == 0 {
		found = append(found, field.Required(path.Child("containers"), "a pod has at least one"))
	}
	for i := range p.InitContainers {
		found = append(found, pod.container(&p.InitContainers[i], path.Child("initContainers").Index(i))...)
	}
	portNames := map[string]bool{}
	for i := range p.Containers {
		at := path.Child("containers").Index(i)
		found = append(found, pod.container(&p.Containers[i], at)...)
		for j, port := range p.Containers[i].Ports {
			if port.Name != "" && portNames[port.Name] {
				found = append(found, field.Duplicate(at.Child("ports").Index(j).Child("name"), port.Name))
			}
			portNames[port.Name] = true
		}
	}
	if p.ServiceAccountName != "" {
		found = append(found, messages(path.Child("serviceAccountName"), p.ServiceAccountName, apivalidation.ValidateServiceAccountName(p.ServiceAccountName, false))...)
	}
	if p.PriorityClassName != "" {
		found = append(found, messages(path.Child("priorityClassName"), p.PriorityClassName, apivalidation.NameIsDNSSubdomain(p.PriorityClassName, false))...)
	}
	if s := p.SecurityContext; s != nil {
		found = append(found, userAndGroup(s.RunAsUser, s.RunAsGroup, s.SeccompProfile, path.Child("securityContext"))...)
		found = append(found, atLeast(path.Child("securityContext", "fsGroup"), s.FSGroup, 0)...)
	}
	return append(found, scheduling(p, path)...)
}

// volumes judges the volumes and returns their names. (Two of one name are the
// schema's to refuse, as are two mounts at one path.)
func volumes(list []corev1.Volume, path *field.Path) (found field.ErrorList, names []string) {
	for i, v := range list {
		at := path.Index(i)
		found = append(found, messages(at.Child("name"), v.Name, validation.IsDNS1123Label(v.Name))...)
		names = append(names, v.Name)
		if n := setPointers(v.VolumeSource); n != 1 {
			found = append(found, field.Invalid(at, v.Name, "must have exactly one type of volume"))
		}
		if v.EmptyDir != nil && v.EmptyDir.SizeLimit != nil && v.EmptyDir.SizeLimit.Sign() < 0 {
			found = append(found, field.Invalid(at.Child("emptyDir", "sizeLimit"), v.EmptyDir.SizeLimit.String(), "must not be negative"))
		}
		if v.PersistentVolumeClaim != nil && v.PersistentVolumeClaim.ClaimName == "" {
			found = append(found, field.Required(at.Child("persistentVolumeClaim", "claimName"), ""))
		}
	}
	return found, names
}

// setPointers counts the pointers of a struct that are set: the members of one of
// Kubernetes' unions.
func setPointers(union any) int {
	set := 0
	for _, f := range reflect.ValueOf(union).Fields() {
		if f.Kind() == reflect.Pointer && !f.IsNil() {
			set++
		}
	}
	return set
}

// scheduling judges where a pod may run.
func scheduling(p *corev1.PodSpec, path *field.Path) field.ErrorList {
	found := metavalidation.ValidateLabels(p.NodeSelector, path.Child("nodeSelector"))
	for i, t := range p.Tolerations {
		found = append(found, toleration(t, path.Child("tolerations").Index(i))...)
	}
	for i, c := range p.TopologySpreadConstraints {
		found = append(found, spread(c, path.Child("topologySpreadConstraints").Index(i))...)
	}
	if p.Affinity == nil || p.Affinity.NodeAffinity == nil {
		return found
	}
	nodes, at := p.Affinity.NodeAffinity, path.Child("affinity", "nodeAffinity")
	if required := nodes.RequiredDuringSchedulingIgnoredDuringExecution; required != nil {
		terms := at.Child("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")
		if len(required.NodeSelectorTerms) == 0 {
			found = append(found, field.Required(terms, "must have at least one node selector term"))
		}
		for i, term := range required.NodeSelectorTerms {
			found = append(found, nodeExpressions(term.MatchExpressions, terms.Index(i).Child("matchExpressions"))...)
		}
	}
	for i, term := range nodes.PreferredDuringSchedulingIgnoredDuringExecution {
		at := at.Child("preferredDuringSchedulingIgnoredDuringExecution").Index(i)
		found = append(found, messages(at.Child("weight"), term.Weight, validation.IsInRange(int(term.Weight), 1, 100))...)
		found = append(found, nodeExpressions(term.Preference.MatchExpressions, at.Child("preference", "matchExpressions"))...)
	}
	return found
}

func nodeExpressions(list []corev1.NodeSelectorRequirement, path *field.Path) field.ErrorList {
	var found field.ErrorList
	for i, r := range list {
		at := path.Index(i)
		found = append(found, metavalidation.ValidateLabelName(r.Key, at.Child("key"))...)
		values, n := at.Child("values"), len(r.Values)
		switch r.Operator {
		case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
			if n == 0 {
				found = append(found, field.Required(values, "In and NotIn have values"))
			}
		case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
			if n > 0 {
				found = append(found, field.Forbidden(values, "Exists and DoesNotExist have no values"))
			}
		case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
			if n != 1 {
				found = append(found, field.Required(values, "Gt and Lt have one value"))
			}
		}
	}
	return found
}

func toleration(t corev1.Toleration, path *field.Path) field.ErrorList {
	var found field.ErrorList
	if t.Key != "" {
		found = append(found, metavalidation.ValidateLabelName(t.Key, path.Child("key"))...)
	} else if t.Operator != corev1.TolerationOpExists {
		found = append(found, field.Invalid(path.Child("operator"), t.Operator, "must be Exists when key is empty: it tolerates everything"))
	}
	switch t.Operator {
	case corev1.TolerationOpExists:
		if t.Value != "" {
			found = append(found, field.Invalid(path.Child("value"), t.Value, "must be empty when operator is Exists"))
		}
	case "", corev1.TolerationOpEqual:
		found = append(found, messages(path.Child("value"), t.Value, validation.IsValidLabelValue(t.Value))...)
	}
	if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
		found = append(found, field.Invalid(path.Child("effect"), t.Effect, "must be NoExecute when tolerationSeconds is set"))
	}
	return found
}

func spread(c corev1.TopologySpreadConstraint, path *field.Path) field.ErrorList {
	found := atLeast(path.Child("maxSkew"), &c.MaxSkew, 1)
	found = append(found, metavalidation.ValidateLabelName(c.TopologyKey, path.Child("topologyKey"))...)
	if c.MinDomains != nil {
		found = append(found, atLeast(path.Child("minDomains"), c.MinDomains, 1)...)
		if c.WhenUnsatisfiable != corev1.DoNotSchedule {
			found = append(found, field.Invalid(path.Child("minDomains"), *c.MinDomains, "only beside whenUnsatisfiable DoNotSchedule"))
		}
	}
	// The API server takes a constraint without selector, which then spreads nothing.
	if c.LabelSelector == nil {
		return append(found, field.Required(path.Child("labelSelector"), "without it the constraint matches no pod"))
	}
	return append(found, labelSelector(c.LabelSelector, path.Child("labelSelector"))...)
}

// userAndGroup judges what the security contexts of pods and of containers share.
func userAndGroup(user, group *int64, seccomp *corev1.SeccompProfile, path *field.Path) field.ErrorList {
	found := atLeast(path.Child("runAsUser"), user, 0)
	found = append(found, atLeast(path.Child("runAsGroup"), group, 0)...)
	if seccomp == nil {
		return found
	}
	at := path.Child("seccompProfile", "localhostProfile")
	local := seccomp.Type == corev1.SeccompProfileTypeLocalhost
	if local && (seccomp.LocalhostProfile == nil || strings.TrimSpace(*seccomp.LocalhostProfile) == "") {
		found = append(found, field.Required(at, "must be set when the type is Localhost"))
	}
	if !local && seccomp.LocalhostProfile != nil {
		found = append(found, field.Forbidden(at, "only beside type Localhost"))
	}
	return found
}
