package serving

import (
	"maps"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

func TestRolloutKeepsCapacity(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for _, m := range p.Models {
		strategy := Deployment(p, m).Spec.Strategy
		if strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
			t.Errorf("%s: %+v", m.Name, strategy)
		}
		// The quota check counts on it.
		if got := strategy.RollingUpdate.MaxSurge.IntValue(); got < 1 || int32(got) != SurgePods(m) {
			t.Errorf("%s surges by %d pods, SurgePods says %d", m.Name, got, SurgePods(m))
		}
	}
}

// A selector is immutable: nothing that changes in a model's life may be in it.
func TestSelectorIsStable(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	before := Deployment(p, m).Spec.Selector.MatchLabels
	m.Spec.Version, m.Spec.Image, m.Spec.Expose, m.Spec.GPU = "4", "triton", nil, nil
	d := Deployment(p, m)
	if !maps.Equal(before, d.Spec.Selector.MatchLabels) {
		t.Errorf("the selector went from %v to %v", before, d.Spec.Selector.MatchLabels)
	}
	for label, value := range before {
		if d.Spec.Template.Labels[label] != value {
			t.Errorf("pods lack the selector's %s=%s", label, value)
		}
	}
}

// The fence lets the ingress in to exactly the exposed models.
func TestExposedLabel(t *testing.T) {
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, m := range p.Models {
			want := ""
			if m.Name == "sentiment" {
				want = "true"
			}
			if got := podOf(t, p, m.Name).Labels[object.LabelExposed]; got != want {
				t.Errorf("%s: %s is %q, want %q", m.Name, object.LabelExposed, got, want)
			}
		}
	})
}

// Pods read the ConfigMap once: they must be replaced when it changes, and only then.
func TestConfigHash(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	hash := func() string { return podOf(t, p, "sentiment").Annotations[object.AnnotationConfigHash] }
	m := workloadtest.Model(t, p, "sentiment")
	first := hash()
	if first == "" {
		t.Fatal("no hash")
	}
	m.Spec.Description = "another"
	if hash() != first {
		t.Error("a description made new pods")
	}
	for what, change := range map[string]func(){
		"batch size": func() { m.Spec.Batching.MaxSize++ },
		"delay":      func() { m.Spec.Batching.MaxDelay.Duration++ },
		"version":    func() { m.Spec.Version = "4" },
	} {
		before := hash()
		change()
		if hash() == before {
			t.Errorf("a new %s makes no new pods", what)
		}
	}
}

func TestConfigMapData(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	want := map[string]string{"MODEL_NAME": "sentiment", "MODEL_VERSION": "3", "MAX_BATCH_SIZE": "8", "MAX_QUEUE_DELAY": "5ms"}
	if got := ConfigMap(p, workloadtest.Model(t, p, "sentiment")).Data; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
