package schemacheck

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Rules says what an API server would have against obj beyond its schema. Its errors
// are *field.Error with the path of the field, sorted; nil means none. An object whose kind
// has no rules of its own has its metadata checked. Call it after Check has found
// nothing: it decodes obj into Kubernetes' types, and does not look for unknown fields.
//
// The rules are those of k8s.io/kubernetes/pkg/apis/*/validation (v1.36) for the
// fields that the generator writes, by the exported validators of apimachinery
// where there is one. A few are stricter than the API server, because what they
// find is accepted and then does not work; each says so where it stands.
func (c *Checker) Rules(obj map[string]any) []error {
	kinds, err := c.lookup(obj)
	if err != nil {
		return []error{err}
	}
	found, err := metadataRules(obj, kinds[0].namespaced)
	if err != nil {
		return []error{err}
	}
	own, err := kindRules(obj)
	if err != nil {
		return []error{err}
	}
	var errs []error
	for _, e := range append(found, own...) {
		errs = append(errs, e)
	}
	// Resources and keys are maps, in Go's random order.
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errs
}

// metadataRules judges names, namespace, labels, annotations, owners and finalizers.
func metadataRules(obj map[string]any, namespaced bool) (field.ErrorList, error) {
	meta, err := decode[struct {
		metav1.ObjectMeta `json:"metadata"`
	}](obj)
	if err != nil {
		return nil, err
	}
	kind := obj["kind"].(string) // lookup has found it
	return apivalidation.ValidateObjectMeta(&meta.ObjectMeta, namespaced, nameRule(kind), field.NewPath("metadata")), nil
}

// nameRule is the form of a name of that kind. Most names are DNS subdomains.
func nameRule(kind string) apivalidation.ValidateNameFunc {
	switch kind {
	case "Namespace":
		return apivalidation.ValidateNamespaceName
	case "Service":
		// A name that begins with a digit is behind a feature gate that clusters may lack.
		return apivalidation.NameIsDNS1035Label
	case "StatefulSet":
		return apivalidation.NameIsDNSLabel // its pods' host names begin with it
	case "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding":
		return pathvalidation.ValidatePathSegmentName //nolint:staticcheck // what the API server uses; its successor takes no prefix
	case "CronJob":
		return func(name string, prefix bool) []string {
			// A job's name is the cron job's and eleven characters, at most 63 together.
			if len(name) > 52 {
				return []string{"must be no more than 52 characters"}
			}
			return apivalidation.NameIsDNSSubdomain(name, prefix)
		}
	case "PriorityClass":
		return func(name string, prefix bool) []string {
			if strings.HasPrefix(name, "system-") {
				return []string{"names with the prefix system- are Kubernetes' own"}
			}
			return apivalidation.NameIsDNSSubdomain(name, prefix)
		}
	}
	return apivalidation.NameIsDNSSubdomain
}

// kindRules finds the rules of the object's kind.
func kindRules(obj map[string]any) (field.ErrorList, error) {
	switch keyOf(obj) {
	case "apps/v1 Deployment":
		return judge(obj, deployment)
	case "apps/v1 StatefulSet":
		return judge(obj, statefulSet)
	case "apps/v1 DaemonSet":
		return judge(obj, daemonSet)
	case "batch/v1 Job":
		return judge(obj, func(j *batchv1.Job) field.ErrorList { return jobTemplate(&j.Spec, field.NewPath("spec")) })
	case "batch/v1 CronJob":
		return judge(obj, cronJob)
	case "v1 Pod":
		return judge(obj, func(p *corev1.Pod) field.ErrorList { return podSpec(&p.Spec, nil, field.NewPath("spec")) })
	case "v1 Service":
		return judge(obj, service)
	case "v1 ConfigMap":
		return judge(obj, configMap)
	case "v1 Secret":
		return judge(obj, secret)
	case "v1 ResourceQuota":
		return judge(obj, resourceQuota)
	case "v1 LimitRange":
		return judge(obj, limitRange)
	case "autoscaling/v2 HorizontalPodAutoscaler":
		return judge(obj, horizontalPodAutoscaler)
	case "keda.sh/v1alpha1 ScaledObject":
		return judge(obj, scaledObjectRules)
	case "autoscaling.k8s.io/v1 VerticalPodAutoscaler":
		return judge(obj, verticalPodAutoscaler)
	case "policy/v1 PodDisruptionBudget":
		return judge(obj, podDisruptionBudget)
	case "scheduling.k8s.io/v1 PriorityClass":
		return judge(obj, priorityClass)
	case "networking.k8s.io/v1 NetworkPolicy":
		return judge(obj, func(p *networkingv1.NetworkPolicy) field.ErrorList { return networkPolicy(&p.Spec) })
	case "rbac.authorization.k8s.io/v1 Role":
		return judge(obj, func(r *rbacv1.Role) field.ErrorList { return policyRules(r.Rules, true) })
	case "rbac.authorization.k8s.io/v1 ClusterRole":
		return judge(obj, func(r *rbacv1.ClusterRole) field.ErrorList { return policyRules(r.Rules, false) })
	case "rbac.authorization.k8s.io/v1 RoleBinding":
		return judge(obj, func(b *rbacv1.RoleBinding) field.ErrorList {
			return binding(b.RoleRef, b.Subjects, "Role", "ClusterRole")
		})
	case "rbac.authorization.k8s.io/v1 ClusterRoleBinding":
		return judge(obj, func(b *rbacv1.ClusterRoleBinding) field.ErrorList {
			return binding(b.RoleRef, b.Subjects, "ClusterRole")
		})
	}
	return nil, nil
}

// judge decodes obj and applies the rules.
func judge[T any](obj map[string]any, rules func(*T) field.ErrorList) (field.ErrorList, error) {
	typed, err := decode[T](obj)
	if err != nil {
		return nil, err
	}
	return rules(typed), nil
}

// decode reads obj as Kubernetes' own type. This is also where quantities and
// times are parsed, of which the schemas say only that they are strings.
func decode[T any](obj map[string]any) (*T, error) {
	raw, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("encoding the object: %w", err)
	}
	typed := new(T)
	if err := json.Unmarshal(raw, typed); err != nil {
		return nil, fmt.Errorf("decoding %s: %w", keyOf(obj), err)
	}
	return typed, nil
}

// messages turns what apimachinery's string validators answer into errors of one field.
func messages(path *field.Path, value any, answers []string) field.ErrorList {
	var found field.ErrorList
	for _, answer := range answers {
		found = append(found, field.Invalid(path, value, answer))
	}
	return found
}

// atLeast refuses a number below least; nil is absent and right.
func atLeast[N int32 | int64](path *field.Path, value *N, least N) field.ErrorList {
	if value == nil || *value >= least {
		return nil
	}
	return field.ErrorList{field.Invalid(path, *value, fmt.Sprintf("must be at least %d", least))}
}
