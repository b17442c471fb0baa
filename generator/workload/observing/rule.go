package observing

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// rule is a PrometheusRule of a model. A part's name follows a dot, which no model's name
// has, so that it is never the name of another model's.
func rule(p *fleet.Placement, m *fleet.Model, part string, groups ...RuleGroup) *PrometheusRule {
	meta := object.ModelMeta(p, m)
	if part != "" {
		meta.Name += "." + part
	}
	selectedByPrometheus(&meta, p)
	return &PrometheusRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: "monitoring.coreos.com/v1", Kind: "PrometheusRule"},
		ObjectMeta: meta,
		Spec:       PrometheusRuleSpec{Groups: groups},
	}
}

// group is a list of rules about a model. Its name says whose it is, because Prometheus shows
// the groups of all namespaces in one list. namespace is among its labels because the
// Prometheus Operator has a tenant's AlertmanagerConfig see only the alerts that name the
// namespace which it stands in.
func group(p *fleet.Placement, m *fleet.Model, part string, rules []Rule) RuleGroup {
	return RuleGroup{
		Name:   p.Tenant.Name + "." + m.Name + "." + part,
		Labels: map[string]string{"namespace": p.Tenant.Namespace(), "tenant": p.Tenant.Name, "model": m.Name},
		Rules:  rules,
	}
}
