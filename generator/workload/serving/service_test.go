package serving

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestServiceStaysInsideAndInItsZone(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		spec := Service(p, m).Spec
		if spec.Type != corev1.ServiceTypeClusterIP || *spec.TrafficDistribution != "PreferSameZone" {
			t.Errorf("%s: %s, %s", m.Name, spec.Type, *spec.TrafficDistribution)
		}
		if len(spec.ExternalIPs) > 0 || spec.PublishNotReadyAddresses {
			t.Errorf("%s: %+v", m.Name, spec)
		}
	}
}

func TestServiceAnnotations(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
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
		if got := Service(c.p, workloadtest.Model(t, c.p, c.model)).Annotations; !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", c.model, got, want)
		}
	}
}

// Everything that selects pods selects the model's own, all of them, and nobody else's.
func TestSelectorsSelectOneModel(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	pods := map[string]labels.Set{}
	for _, m := range p.Models {
		pods[m.Name] = podOf(t, p, m.Name).Labels
	}
	for _, m := range p.Models {
		budget, err := metav1.LabelSelectorAsSelector(PodDisruptionBudget(p, m).Spec.Selector)
		if err != nil {
			t.Fatal(err)
		}
		address := labels.SelectorFromSet(Service(p, m).Spec.Selector)
		for _, other := range p.Models {
			own := other.Name == m.Name
			if budget.Matches(pods[other.Name]) != own || address.Matches(pods[other.Name]) != own {
				t.Errorf("%s selects the pods of %s: %v", m.Name, other.Name, !own)
			}
		}
	}
}

// A drain always gets on: the budget allows one eviction even from one replica.
func TestDisruptionBudgetNeverBlocks(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, replicas := range []int32{1, 2, 50} {
		m := workloadtest.Model(t, p, "tagger")
		m.Spec.Replicas = fleet.Replicas{Min: replicas, Max: replicas}
		spec := PodDisruptionBudget(p, m).Spec
		if spec.MinAvailable != nil || spec.MaxUnavailable.IntValue() != 1 || *spec.UnhealthyPodEvictionPolicy != "AlwaysAllow" {
			t.Errorf("%d replicas: %+v", replicas, spec)
		}
	}
}
