package observing

import (
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

func TestModelMonitor(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
	for p, want := range map[*fleet.Placement]string{
		irsa: "", podIdentity: "kube-prometheus-stack", f.Tenants[0].Base: "",
	} {
		monitor := ModelMonitor(p, workloadtest.Model(t, p, "sentiment"))
		if got := monitor.Labels["release"]; got != want {
			t.Errorf("release is %q, want %q", got, want)
		}
	}
	// The series get what the Service says once the overlay's labels are on it, by
	// Prometheus' own rule for names (kubernetes_sd_config: unsupported characters
	// become underscores).
	m := workloadtest.Model(t, irsa, "vision")
	source := map[string]string{}
	serviceLabels := serving.Service(irsa, m).Labels
	maps.Copy(serviceLabels, object.ClusterLabels(irsa.Cluster))
	for label, value := range serviceLabels {
		name := strings.Map(func(r rune) rune {
			if strings.ContainsRune("./-", r) {
				return '_'
			}
			return r
		}, label)
		source["__meta_kubernetes_service_label_"+name] = value
	}
	series := map[string]string{}
	for _, r := range ModelMonitor(irsa, m).Spec.Endpoints[0].Relabelings {
		series[r.TargetLabel] = source[r.SourceLabels[0]]
	}
	want := map[string]string{"tenant": "acme", "model": "vision", "environment": "production", "cluster": "us-east-production"}
	if !maps.Equal(series, want) {
		t.Errorf("series carry %v, want %v", series, want)
	}
}

// A monitor addresses a port of the Service by its name.
func TestMonitorScrapesAPortOfTheService(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		endpoint := ModelMonitor(p, m).Spec.Endpoints[0]
		offered := slices.ContainsFunc(serving.Service(p, m).Spec.Ports, func(port corev1.ServicePort) bool {
			return port.Name == endpoint.Port
		})
		if !offered || endpoint.Path != "/metrics" {
			t.Errorf("%s: monitor scrapes %s %s", m.Name, endpoint.Port, endpoint.Path)
		}
	}
}

func TestMonitorSelectsOneModel(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		monitor, err := metav1.LabelSelectorAsSelector(&ModelMonitor(p, m).Spec.Selector)
		if err != nil {
			t.Fatal(err)
		}
		for _, other := range p.Models {
			own := other.Name == m.Name
			if monitor.Matches(labels.Set(serving.Service(p, other).Labels)) != own {
				t.Errorf("the monitor of %s selects the Service of %s: %v", m.Name, other.Name, !own)
			}
		}
	}
}
