package schemacheck

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	pathvalidation "k8s.io/apimachinery/pkg/api/validation/path"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func policyRules(rules []rbacv1.PolicyRule, namespaced bool) field.ErrorList {
	var found field.ErrorList
	for i, r := range rules {
		at := field.NewPath("rules").Index(i)
		if len(r.Verbs) == 0 {
			found = append(found, field.Required(at.Child("verbs"), "verbs must contain at least one value"))
		}
		if len(r.NonResourceURLs) > 0 {
			if namespaced {
				found = append(found, field.Invalid(at.Child("nonResourceURLs"), r.NonResourceURLs, "namespaced rules cannot apply to non-resource URLs"))
			}
			if len(r.APIGroups)+len(r.Resources)+len(r.ResourceNames) > 0 {
				found = append(found, field.Invalid(at.Child("nonResourceURLs"), r.NonResourceURLs, "rules cannot apply to both regular resources and non-resource URLs"))
			}
			continue
		}
		if len(r.APIGroups) == 0 {
			found = append(found, field.Required(at.Child("apiGroups"), "resource rules must supply at least one api group"))
		}
		if len(r.Resources) == 0 {
			found = append(found, field.Required(at.Child("resources"), "resource rules must supply at least one resource"))
		}
	}
	return found
}

// binding judges a RoleBinding or ClusterRoleBinding; kinds are those it may refer to.
func binding(ref rbacv1.RoleRef, subjects []rbacv1.Subject, kinds ...string) field.ErrorList {
	var found field.ErrorList
	role := field.NewPath("roleRef")
	if ref.APIGroup != rbacv1.GroupName {
		found = append(found, field.NotSupported(role.Child("apiGroup"), ref.APIGroup, []string{rbacv1.GroupName}))
	}
	if !slices.Contains(kinds, ref.Kind) {
		found = append(found, field.NotSupported(role.Child("kind"), ref.Kind, kinds))
	}
	if ref.Name == "" {
		found = append(found, field.Required(role.Child("name"), ""))
	} else {
		found = append(found, messages(role.Child("name"), ref.Name, pathvalidation.IsValidPathSegmentName(ref.Name))...) //nolint:staticcheck // as in rules.go
	}
	for i, s := range subjects {
		found = append(found, subject(s, field.NewPath("subjects").Index(i))...)
	}
	return found
}

func subject(s rbacv1.Subject, path *field.Path) field.ErrorList {
	var found field.ErrorList
	if s.Name == "" {
		found = append(found, field.Required(path.Child("name"), ""))
	}
	group := rbacv1.GroupName
	switch s.Kind {
	case rbacv1.ServiceAccountKind:
		group = ""
		if s.Name != "" {
			found = append(found, messages(path.Child("name"), s.Name, apivalidation.ValidateServiceAccountName(s.Name, false))...)
		}
		if s.Namespace == "" {
			found = append(found, field.Required(path.Child("namespace"), ""))
		}
	case rbacv1.UserKind, rbacv1.GroupKind:
	default:
		return append(found, field.NotSupported(path.Child("kind"), s.Kind, []string{"Group", "ServiceAccount", "User"}))
	}
	// An absent group is defaulted to the right one.
	if s.APIGroup != "" && s.APIGroup != group {
		found = append(found, field.NotSupported(path.Child("apiGroup"), s.APIGroup, []string{group}))
	}
	return found
}
