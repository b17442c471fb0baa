package scaling

import (
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// Both kinds of autoscalers show the arithmetic, and nothing where somebody set the
// numbers, or where they are a canary's share.
func TestArithmetic(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	if got, ok := ModelScaler(p, m).Annotations["mlfleet.dev/plan"]; ok {
		t.Errorf("nothing was computed: %s", got)
	}
	m.Spec.Replicas = fleet.Replicas{Min: 2, Max: 16}
	m.Plan = &fleet.CapacityPlan{
		TrafficProfile: fleet.TrafficProfile{ThroughputPerReplica: 1500, Utilization: 70},
		Peak:           10000, PeakHour: "mon 09:00", Quiet: 812.4, QuietHour: "sun 03:00",
		Needed: 10, Scheduled: 12, Replicas: m.Spec.Replicas,
		Levels:   []fleet.CapacityLevel{{RequestsPerSecond: 7000, Hour: "tue 10:00", Needed: 7, Replicas: 9}},
		Forecast: &fleet.ForecastQuality{Weeks: 6, TestWeeks: 3, Error: 0.0607, NaiveError: 0.104, Above: 0},
	}
	const plan = "10,000 requests/s (mon 09:00) ÷ (1,500 a replica × 70 %) = 10 replicas; 12–16 with headroom\n" +
		"7,000 requests/s (tue 10:00): 7; 9 with headroom\n" +
		"812 requests/s (sun 03:00) leave 2"
	const forecast = "from 6 weeks by the hour of the week; the last 3, foretold from those before, were missed by 6.07 % of the requests (by the week before: 10.4 %), and 0 % of the hours were above the plan"
	scaler := ModelScaler(p, m).Annotations
	if scaler["mlfleet.dev/plan"] != plan || scaler["mlfleet.dev/forecast"] != forecast || scaler[transferHPA] != "true" {
		t.Errorf("KEDA's: %v", scaler)
	}
	p.Cluster.Spec.Scaling.MetricsAdapter = true
	if got := HorizontalPodAutoscaler(p, m).Annotations; got["mlfleet.dev/plan"] != plan || got["mlfleet.dev/forecast"] != forecast {
		t.Errorf("the HPA's: %v", got)
	}
	m.Spec.Replicas.Max = 40
	if got := HorizontalPodAutoscaler(p, m).Annotations["mlfleet.dev/plan"]; got != plan+"\nreplicas.max was set to 40" {
		t.Errorf("with another ceiling: %s", got)
	}
	m.Spec.Canary = &fleet.Canary{Version: "4", Weight: 50}
	if got := HorizontalPodAutoscaler(p, m.AsCanary()).Annotations; len(got) > 0 {
		t.Errorf("the canary's: %v", got)
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.5: "0.5", 0.0049: "0.005", 1: "1", 9.996: "10", 12.34: "12.3", 99.96: "100", 100: "100", 812.4: "812",
		1500: "1,500", 999999: "999,999", 1e6: "1,000,000",
	} {
		if got := number(v); got != want {
			t.Errorf("%g is %s, want %s", v, got, want)
		}
	}
}
