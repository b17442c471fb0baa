package workload

import (
	"maps"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

func TestServiceStaysInsideAndInItsZone(t *testing.T) {
	_, p, _ := fixture(t)
	for _, m := range p.Models {
		spec := service(p, m).Spec
		if spec.Type != corev1.ServiceTypeClusterIP || *spec.TrafficDistribution != "PreferSameZone" {
			t.Errorf("%s: %s, %s", m.Name, spec.Type, *spec.TrafficDistribution)
		}
		if len(spec.ExternalIPs) > 0 || spec.PublishNotReadyAddresses {
			t.Errorf("%s: %+v", m.Name, spec)
		}
	}
}

func TestServiceAnnotations(t *testing.T) {
	f, irsa, podIdentity := fixture(t)
	for _, c := range []struct {
		p     *fleet.Placement
		model string
		want  string
	}{
		{irsa, "sentiment", "sentiment.us-east.ml.example.com"},
		{podIdentity, "sentiment", "sentiment.eu-west-staging.ml.example.com"},
		{irsa, "tagger", ""},
		{f.Tenants[0].Base, "sentiment", ""},
	} {
		want := map[string]string{
			"mlfleet.dev/description":     "The fixture's " + c.model,
			"mlfleet.dev/slo-latency-p99": "100ms", "mlfleet.dev/slo-availability": "99.9",
		}
		if c.want != "" {
			want["mlfleet.dev/hostname"] = c.want
		}
		if got := service(c.p, modelNamed(t, c.p, c.model)).Annotations; !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.model, got, want)
		}
	}
}

// Everything that selects pods selects the model's own, all of them, and nobody else's.
func TestSelectorsSelectOneModel(t *testing.T) {
	_, p, _ := fixture(t)
	pods := map[string]labels.Set{}
	for _, m := range p.Models {
		pods[m.Name] = podOf(t, p, m.Name).Labels
	}
	for _, m := range p.Models {
		budget, err := metav1.LabelSelectorAsSelector(podDisruptionBudget(p, m).Spec.Selector)
		if err != nil {
			t.Fatal(err)
		}
		monitor, err := metav1.LabelSelectorAsSelector(&serviceMonitor(p, m).Spec.Selector)
		if err != nil {
			t.Fatal(err)
		}
		address := labels.SelectorFromSet(service(p, m).Spec.Selector)
		for _, other := range p.Models {
			own := other.Name == m.Name
			if budget.Matches(pods[other.Name]) != own || address.Matches(pods[other.Name]) != own {
				t.Errorf("%s selects the pods of %s: %v", m.Name, other.Name, !own)
			}
			if monitor.Matches(labels.Set(service(p, other).Labels)) != own {
				t.Errorf("the monitor of %s selects the service of %s: %v", m.Name, other.Name, !own)
			}
		}
	}
}

// A drain always gets on: the budget allows one eviction even from one replica.
func TestDisruptionBudgetNeverBlocks(t *testing.T) {
	_, p, _ := fixture(t)
	for _, replicas := range []int32{1, 2, 50} {
		m := modelNamed(t, p, "tagger")
		m.Spec.Replicas = fleet.Replicas{Min: replicas, Max: replicas}
		spec := podDisruptionBudget(p, m).Spec
		if spec.MinAvailable != nil || spec.MaxUnavailable.IntValue() != 1 || *spec.UnhealthyPodEvictionPolicy != "AlwaysAllow" {
			t.Errorf("%d replicas: %+v", replicas, spec)
		}
	}
}

func TestServiceMonitor(t *testing.T) {
	f, irsa, podIdentity := fixture(t)
	for p, want := range map[*fleet.Placement]string{
		irsa: "", podIdentity: "kube-prometheus-stack", f.Tenants[0].Base: "",
	} {
		monitor := serviceMonitor(p, modelNamed(t, p, "sentiment"))
		if got := monitor.Labels["release"]; got != want {
			t.Errorf("release is %q, want %q", got, want)
		}
	}
	// The series get what the Service says once the overlay's labels are on it, by
	// Prometheus' own rule for names (kubernetes_sd_config: unsupported characters
	// become underscores).
	m := modelNamed(t, irsa, "vision")
	source := map[string]string{}
	serviceLabels := service(irsa, m).Labels
	maps.Copy(serviceLabels, ClusterLabels(irsa.Cluster))
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
	for _, r := range serviceMonitor(irsa, m).Spec.Endpoints[0].Relabelings {
		series[r.TargetLabel] = source[r.SourceLabels[0]]
	}
	want := map[string]string{"tenant": "acme", "model": "vision", "environment": "production", "cluster": "us-east-production"}
	if !maps.Equal(series, want) {
		t.Errorf("series carry %v, want %v", series, want)
	}
}
