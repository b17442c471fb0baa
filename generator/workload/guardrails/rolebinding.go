package guardrails

import (
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ModelsRoleBinding gives the models the rights of ModelsRole.
func ModelsRoleBinding(p *fleet.Placement) *rbacv1.RoleBinding {
	return roleBinding(p.Tenant, object.ModelsServiceAccount, object.GranteeModels,
		"binds the ServiceAccount that all models run as",
		[]rbacv1.Subject{{
			Kind:      rbacv1.ServiceAccountKind,
			Name:      object.ModelsServiceAccount,
			Namespace: p.Tenant.Namespace(),
		}})
}

// OwnersRoleBinding gives every group of owners the rights of OwnersRole.
func OwnersRoleBinding(p *fleet.Placement) *rbacv1.RoleBinding {
	var groups []rbacv1.Subject
	for _, owner := range p.Tenant.Spec.Owners {
		group := rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: owner.Group}
		if !slices.Contains(groups, group) { // one group may answer through two contacts
			groups = append(groups, group)
		}
	}
	return roleBinding(p.Tenant, ownersReadRole, object.GranteeOwners, "binds the groups that own the tenant", groups)
}

// roleBinding binds subjects to the Role of the same name.
func roleBinding(t *fleet.Tenant, name, grantee, purpose string, subjects []rbacv1.Subject) *rbacv1.RoleBinding {
	meta := object.GuardrailMeta(t, name, object.WaveFence)
	meta.Labels[object.LabelGrantee] = grantee
	meta.Annotations[object.AnnotationPurpose] = purpose
	return &rbacv1.RoleBinding{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "RoleBinding"},
		ObjectMeta: meta,
		Subjects:   subjects,
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
	}
}
