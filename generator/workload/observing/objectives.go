package observing

import (
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// What a model's tenant was promised, as series.
const (
	// RecordLatencyObjective is the promised 99th percentile in seconds.
	RecordLatencyObjective = "model:slo_latency_seconds:p99"
	// RecordErrorBudget is the share of requests, 0 to 1, that may fail.
	RecordErrorBudget = "model:slo_error_budget:ratio"
)

// ModelObjectives records what was promised: slo.latencyP99 and slo.availability. It is
// an object of its own because it is all that differs between clusters.
func ModelObjectives(p *fleet.Placement, m *fleet.Model) *PrometheusRule {
	return rule(p, m, "objectives", group(p, m, "objectives", []Rule{
		{Record: RecordLatencyObjective, Expr: "vector(" + number(m.Spec.SLO.LatencyP99.Seconds()) + ")"},
		{Record: RecordErrorBudget, Expr: "vector(" + errorBudget(m.Spec.SLO.Availability) + ")"},
	}))
}

// errorBudget is what an availability in percent leaves: 0.001 for 99.9. It is computed in
// thousandths of a percent, the finest that the schema takes, so that no binary
// fraction shows.
func errorBudget(availability string) string {
	const whole = 100_000
	percent, err := strconv.ParseFloat(availability, 64)
	if err != nil {
		panic("the schema lets only numbers be an availability: " + err.Error())
	}
	return number(float64(whole-int(percent*1000+0.5)) / whole)
}
