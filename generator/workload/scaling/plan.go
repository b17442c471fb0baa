package scaling

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Annotations that show how replicas were computed, so that a reviewer can do it again
// by hand.
const (
	planAnnotation     = "mlfleet.dev/plan"
	forecastAnnotation = "mlfleet.dev/forecast"
)

// arithmetic is what an autoscaler says of where its numbers are from; nil where
// somebody set them.
func arithmetic(m *fleet.Model) map[string]string {
	p := m.Plan
	if p == nil {
		return nil
	}
	out := map[string]string{planAnnotation: strings.Join(levels(m), "\n")}
	if f := p.Forecast; f != nil {
		out[forecastAnnotation] = fmt.Sprintf("from %d weeks by the hour of the week; the last %d, foretold from those before, were missed by %s of the requests (by the week before: %s), and %s of the hours were above the plan",
			f.Weeks, f.TestWeeks, percent(f.Error), percent(f.NaiveError), percent(f.Above))
	}
	return out
}

// levels are the numbers of replicas that a plan wants, one a line: the peak's with the
// whole arithmetic, then what schedules have ready in other hours, then the fewest.
func levels(m *fleet.Model) []string {
	p := m.Plan
	lines := []string{fmt.Sprintf("%s requests/s (%s) ÷ (%s a replica × %d %%) = %s; %d–%d with headroom",
		number(p.Peak), p.PeakHour, number(p.ThroughputPerReplica), p.Utilization, count(p.Needed), p.Scheduled, p.Replicas.Max)}
	for _, l := range p.Levels {
		lines = append(lines, fmt.Sprintf("%s requests/s (%s): %d; %d with headroom", number(l.RequestsPerSecond), l.Hour, l.Needed, l.Replicas))
	}
	lines = append(lines, fmt.Sprintf("%s requests/s (%s) leave %d", number(p.Quiet), p.QuietHour, p.Replicas.Min))
	if most := m.Spec.Replicas.Max; most != p.Replicas.Max {
		lines = append(lines, fmt.Sprintf("replicas.max was set to %d", most))
	}
	return lines
}

func count(replicas int32) string {
	if replicas == 1 {
		return "1 replica"
	}
	return strconv.Itoa(int(replicas)) + " replicas"
}

func percent(share float64) string { return number(share*100) + " %" }

// number writes a positive number for people: three significant digits, and those
// before the point all, in groups of three.
func number(v float64) string {
	if v < 100 {
		digits := 2
		for least := 1.0; v >= least && digits > 0; least *= 10 {
			digits--
		}
		scale := math.Pow10(digits + 1)
		return strconv.FormatFloat(math.Round(v*scale)/scale, 'f', -1, 64)
	}
	text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
