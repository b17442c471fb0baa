package guardrails_test

import (
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// may says whether a role lets its subjects do something.
func may(role *rbacv1.Role, verb, group, resource string) bool {
	return slices.ContainsFunc(role.Rules, func(r rbacv1.PolicyRule) bool {
		return slices.Contains(r.Verbs, verb) && slices.Contains(r.APIGroups, group) && slices.Contains(r.Resources, resource)
	})
}

func TestModelsMayDoNothing(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	role := workloadtest.Find[*rbacv1.Role](t, workload.Guardrails(irsa), object.ModelsServiceAccount)
	if len(role.Rules) != 0 {
		t.Errorf("the models may do %v", role.Rules)
	}
	text, err := yaml.Marshal(role)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "rules: []") {
		t.Errorf("rules are not an empty list:\n%s", text) // null is not a list for the schema
	}
}

func TestOwnersReadWhatRuns(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	role := workloadtest.Find[*rbacv1.Role](t, workload.Guardrails(irsa), "owners-read")
	for resource, group := range map[string]string{
		"pods": "", "events": "", "services": "", "configmaps": "", "resourcequotas": "", "limitranges": "",
		"deployments": "apps", "replicasets": "apps",
		"horizontalpodautoscalers": "autoscaling",
		"poddisruptionbudgets":     "policy",
		"networkpolicies":          "networking.k8s.io",
		"servicemonitors":          "monitoring.coreos.com",
	} {
		for _, verb := range []string{"get", "list", "watch"} {
			if !may(role, verb, group, resource) {
				t.Errorf("owners may not %s %s.%s", verb, resource, group)
			}
		}
	}
	if !may(role, "get", "", "pods/log") {
		t.Error("owners may not read logs")
	}
}

func TestNoRoleIsWiderThanReading(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	reading := []string{"get", "list", "watch"}
	readable := []string{ // everything that may ever be read; a new resource is added here on purpose
		"alertmanagerconfigs", "configmaps", "deployments", "destinationrules", "dnsendpoints", "endpointslices", "events", "externalsecrets",
		"horizontalpodautoscalers", "httproutes", "ingresses", "limitranges", "networkpolicies", "persistentvolumeclaims", "poddisruptionbudgets",
		"pods", "pods/log", "prometheusrules", "replicasets", "resourcequotas", "scaledobjects", "serviceaccounts", "servicemonitors", "services",
		"verticalpodautoscalers", "virtualservices",
	}
	for _, o := range workload.Guardrails(irsa) {
		role, ok := o.Value.(*rbacv1.Role)
		if !ok {
			continue
		}
		for _, rule := range role.Rules {
			for _, verb := range rule.Verbs {
				if !slices.Contains(reading, verb) {
					t.Errorf("role %s: verb %s", role.Name, verb)
				}
			}
			for _, resource := range rule.Resources {
				if !slices.Contains(readable, resource) {
					t.Errorf("role %s: resource %s", role.Name, resource)
				}
			}
			if slices.Contains(rule.APIGroups, "*") {
				t.Errorf("role %s: any API group", role.Name)
			}
		}
		if role.Annotations["mlfleet.dev/purpose"] == "" {
			t.Errorf("role %s does not say what it is for", role.Name)
		}
	}
}

func TestRoleBindings(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	irsa.Tenant.Spec.Owners = append(irsa.Tenant.Spec.Owners, fleet.Owner{Group: "acme-ml", Contact: "second@acme.example"})
	group := func(name string) rbacv1.Subject {
		return rbacv1.Subject{Kind: "Group", APIGroup: "rbac.authorization.k8s.io", Name: name}
	}
	for _, test := range []struct {
		binding string
		want    []rbacv1.Subject
	}{
		{"models", []rbacv1.Subject{{Kind: "ServiceAccount", Name: "models", Namespace: "tenant-acme"}}},
		{"owners-read", []rbacv1.Subject{group("acme-ml"), group("acme-sre")}},
	} {
		binding := workloadtest.Find[*rbacv1.RoleBinding](t, workload.Guardrails(irsa), test.binding)
		if !slices.Equal(binding.Subjects, test.want) {
			t.Errorf("%s binds %v, want %v", test.binding, binding.Subjects, test.want)
		}
		workloadtest.Find[*rbacv1.Role](t, workload.Guardrails(irsa), binding.RoleRef.Name) // it refers to a role of the fence
		if binding.RoleRef.Kind != "Role" {
			t.Errorf("%s refers to a %s", test.binding, binding.RoleRef.Kind)
		}
	}
}
