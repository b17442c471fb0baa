package observing

import (
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestErrorBudget(t *testing.T) {
	for availability, want := range map[string]string{
		"99.9": "0.001", "99.95": "0.0005", "99.999": "0.00001", "99.5": "0.005", "99": "0.01", "90": "0.1", "93.06": "0.0694",
	} {
		if got := errorBudget(availability); got != want {
			t.Errorf("an availability of %s leaves %s, want %s", availability, got, want)
		}
	}
}

func TestPromDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		72 * time.Hour: "3d", 6 * time.Hour: "6h", 90 * time.Minute: "90m", 90 * time.Second: "90s", 500 * time.Millisecond: "500ms", time.Hour: "1h",
	} {
		if got := promDuration(d); got != want {
			t.Errorf("%s is written %s, want %s", d, got, want)
		}
	}
}

// Only what was promised may differ between clusters: a patch would carry all alerts else.
func TestAlertsAreTheSameInEveryCluster(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
	text := func(p *fleet.Placement) string {
		var b strings.Builder
		for _, m := range p.Models {
			for _, g := range ModelAlerts(p, m).Spec.Groups {
				for _, r := range g.Rules {
					b.WriteString(r.Alert + r.Record + r.Expr + r.For + "\n")
				}
			}
		}
		return b.String()
	}
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		p.Models[0].Spec.SLO.Availability = "97.5"
		if text(p) != text(f.Tenants[0].Base) {
			t.Errorf("the alerts in %s are not the base's", p.Cluster.Name)
		}
	}
}

func TestRulesAreSelectedByThePrometheusOfTheCluster(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for p, want := range map[*fleet.Placement]string{irsa: "", podIdentity: "kube-prometheus-stack"} {
		m := workloadtest.Model(t, p, "sentiment")
		for _, r := range []*PrometheusRule{ModelAlerts(p, m), ModelGPUAlerts(p, m), ModelObjectives(p, m)} {
			if got := r.Labels["release"]; got != want {
				t.Errorf("%s in %s: release is %q, want %q", r.Name, p.Cluster.Name, got, want)
			}
		}
	}
}

// DCGM sees a GPU and not who uses it.
func TestSharedGPUsAreNotAlertedOn(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for name, want := range map[string]string{"sentiment": contract.GPUUtilization, "vision": contract.GPUEngineActive, "reranker": "", "tagger": ""} {
		r := ModelGPUAlerts(p, workloadtest.Model(t, p, name))
		if (r != nil) != (want != "") || r != nil && !strings.Contains(r.Spec.Groups[0].Rules[0].Expr, want) {
			t.Errorf("%s: %+v, want an alert on %q", name, r, want)
		}
	}
}
