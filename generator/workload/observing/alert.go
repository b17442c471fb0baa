package observing

import (
	"maps"
	"slices"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Severities, the values of the label severity. Routing (routing.go) goes by it.
const (
	// SeverityCritical is for what somebody must get up for.
	SeverityCritical = "critical"
	// SeverityWarning is for what somebody should look at today.
	SeverityWarning = "warning"
)

// runbooks is where docs/runbooks/ of this repository is read.
const runbooks = "https://github.com/mlfleet/mlfleet/blob/main/docs/runbooks/"

// alert is one alert as every model has it. Several may share a name, where they tell
// the same thing with different urgency; a name has one runbook.
type alert struct {
	name     string
	severity string
	// holds is how long the expression must be true; 0 is at once.
	holds time.Duration
	// expr gives the expression for one model.
	expr func(s scope, m *fleet.Model) string
	// summary is a phrase about the model, description a sentence with the figures, in
	// which Prometheus expands $value and $labels.
	summary, description string
	// labels tell alerts of one name and severity apart.
	labels map[string]string
}

// alerts are all of a model's, in the order in which a reader wants them: what callers
// notice, then why, then what it will come to.
func alerts() []alert {
	return slices.Concat(requestAlerts(), burnRateAlerts(), podAlerts())
}

// ModelAlerts records what the model does and alerts on what it should not. The
// expressions hold no objective, so that they are the same in every cluster.
func ModelAlerts(p *fleet.Placement, m *fleet.Model) *PrometheusRule {
	return rule(p, m, "",
		group(p, m, "measures", recordings(p, m)),
		group(p, m, "alerts", alertRules(p, m, alerts())),
	)
}

// ModelGPUAlerts are the alerts on the GPUs of a model that has some to itself; nil for
// another. They are an object of their own because an override may change a model's GPU:
// the cluster then lacks the object, and no list changes its shape.
func ModelGPUAlerts(p *fleet.Placement, m *fleet.Model) *PrometheusRule {
	if !measurableGPU(m) {
		return nil
	}
	return rule(p, m, "gpu", group(p, m, "gpu", alertRules(p, m, gpuAlerts())))
}

func alertRules(p *fleet.Placement, m *fleet.Model, alerts []alert) []Rule {
	var rules []Rule
	for _, a := range alerts {
		rules = append(rules, a.rule(p, m))
	}
	return rules
}

func (a alert) rule(p *fleet.Placement, m *fleet.Model) Rule {
	labels := map[string]string{"severity": a.severity}
	maps.Copy(labels, a.labels)
	r := Rule{
		Alert:  a.name,
		Expr:   a.expr(scopeOf(p, m), m),
		Labels: labels,
		Annotations: map[string]string{
			"summary":     p.Tenant.Name + "/" + m.Name + ": " + a.summary,
			"description": a.description,
			"runbook_url": runbooks + a.name + ".md",
			// A path, because each cluster has a Grafana of its own.
			"dashboard": dashboardPath(p.Tenant, m.Name),
		},
	}
	if a.holds > 0 {
		r.For = promDuration(a.holds)
	}
	return r
}

// own selects a recorded series of the model.
func (s scope) own(record string) string {
	return selector(record, matcher("namespace", "=", s.namespace), matcher("model", s.is, s.model))
}

// promised compares what was recorded with what was promised. What is recorded says which
// environment it is from, what is promised does not.
func (s scope) promised(record, operator, promise string) string {
	return s.own(record) + " " + operator + " on (namespace, model) group_left () " + promise
}
