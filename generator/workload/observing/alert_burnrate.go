package observing

import (
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// burnRate is a pair of windows and how many times faster than allowed the error budget of
// 30 days must burn in both. The long window says that it matters, the short one that it still
// goes on.
type burnRate struct {
	severity    string
	factor      float64
	long, short time.Duration
	holds       time.Duration
	// spent is the part of 30 days' budget that is gone when the alert comes.
	spent string
}

// burnRates are those of "The Site Reliability Workbook" (Google, 2018), chapter 5, "Multiwindow,
// Multi-Burn-Rate Alerts", with the pair of a day and two hours that its tools add.
//
// A factor times the budget can be more than all requests: with an availability below
// 93.06 % the first pair cannot fire, and the second does its work.
var burnRates = []burnRate{
	{SeverityCritical, 14.4, time.Hour, 5 * time.Minute, 2 * time.Minute, "2 %"},
	{SeverityCritical, 6, 6 * time.Hour, 30 * time.Minute, 15 * time.Minute, "5 %"},
	{SeverityWarning, 3, 24 * time.Hour, 2 * time.Hour, time.Hour, "10 %"},
	{SeverityWarning, 1, 72 * time.Hour, 6 * time.Hour, 3 * time.Hour, "10 %"},
}

// pace is how fast the error budget burns, in words.
func (b burnRate) pace() string {
	if b.factor == 1 {
		return "faster than it may"
	}
	return number(b.factor) + " times too fast"
}

// burnRateAlerts are on slo.availability.
func burnRateAlerts() []alert {
	var out []alert
	for _, b := range burnRates {
		out = append(out, alert{
			name: "ModelErrorBudgetBurn", severity: b.severity, holds: b.holds,
			expr: func(s scope, _ *fleet.Model) string {
				limit := "(" + number(b.factor) + " * " + s.own(RecordErrorBudget) + ")"
				return s.promised(errorRatio(b.long), ">", limit) + "\nand\n" + s.promised(errorRatio(b.short), ">", limit)
			},
			summary: "errors use up what slo.availability allows, " + b.pace(),
			description: "{{ $value | humanizePercentage }} of the requests of the last " + promDuration(b.long) +
				" failed: of what may fail in 30 days, some " + b.spent + " is gone, and it goes on.",
			labels: map[string]string{"long_window": promDuration(b.long), "short_window": promDuration(b.short)},
		})
	}
	return out
}
