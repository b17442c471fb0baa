package workload

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// modelsRoleBinding gives the models the rights of modelsRole.
func modelsRoleBinding(p *fleet.Placement) *rbacv1.RoleBinding {
	return roleBinding(p.Tenant, ModelsServiceAccount,
		"binds the ServiceAccount that all models run as",
		[]rbacv1.Subject{{
			Kind:      rbacv1.ServiceAccountKind,
			Name:      ModelsServiceAccount,
			Namespace: p.Tenant.Namespace(),
		}})
}

// ownersRoleBinding gives every group of owners the rights of ownersRole.
func ownersRoleBinding(p *fleet.Placement) *rbacv1.RoleBinding {
	var groups []rbacv1.Subject
	for _, owner := range p.Tenant.Spec.Owners {
		group := rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: owner.Group}
		if !slices.Contains(groups, group) { // one group may answer through two contacts
			groups = append(groups, group)
		}
	}
	return roleBinding(p.Tenant, ownersReadRole, "binds the groups that own the tenant", groups)
}

// roleBinding binds subjects to the Role of the same name.
func roleBinding(t *fleet.Tenant, name, purpose string, subjects []rbacv1.Subject) *rbacv1.RoleBinding {
	meta := guardrailMeta(t, name, waveFence)
	meta.Annotations[annotationPurpose] = purpose
	return &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: meta,
		Subjects:   subjects,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}
}
