package generator_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
)

// Whoever owns a model can look at everything that it is made of: a new kind among the
// models is one more for the owners' Role.
func TestOwnersReadAllThatTheirModelsAre(t *testing.T) {
	f, files := sample(t)
	kinds := map[string]bool{}
	for p := range f.Placements() {
		manifests := "manifests/" + p.Cluster.Name + "/" + p.Tenant.Name
		var role rbacv1.Role
		for _, o := range objects(t, files[manifests+"/guardrails/manifests.yaml"]) {
			if o.text("kind") == "Role" && o.text("metadata", "name") == "owners-read" {
				role = decoded[rbacv1.Role](t, o)
			}
		}
		for _, o := range objects(t, files[manifests+"/models/manifests.yaml"]) {
			group, _, grouped := strings.Cut(o.text("apiVersion"), "/")
			if !grouped {
				group = ""
			}
			kinds[o.text("kind")] = true
			if !slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
				return slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource(o.text("kind"))) && slices.Contains(r.Verbs, "get")
			}) {
				t.Errorf("%s: the owners may not read %s of group %q: see role.go", manifests, resource(o.text("kind")), group)
			}
		}
	}
	if len(kinds) < 12 {
		t.Errorf("the sample fleet's models are of %d kinds only, so this shows little: %v", len(kinds), kinds)
	}
}
