package generator_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
)

// Ten lines below spec, without brackets, are a model on a GPU that scales, is observed
// and has a public name with TLS in two regions: docs/first-model.md, as it stands there.
func TestFirstModel(t *testing.T) {
	model := firstModel(t)
	_, spec, _ := strings.Cut(model, "\nspec:\n")
	if lines := strings.Count(spec, "\n"); lines > 10 || strings.ContainsAny(spec, "{}[]") {
		t.Errorf("the model has %d lines below spec, or a bracket:\n%s", lines, spec)
	}
	_, before := sample(t)
	inputs := sampleInputs(t)
	fleettest.Add(inputs, "tenants/cumulus/models/signs.yaml", model)
	after := rendered(t, inputs)

	everywhere := map[string]int{
		"ConfigMap": 1, "DNSEndpoint": 1, "Deployment": 1, "PodDisruptionBudget": 1, "PrometheusRule": 3,
		"ScaledObject": 1, "Service": 1, "ServiceMonitor": 1,
	}
	for cluster, own := range map[string]map[string]int{
		"us-east-production": {"HTTPRoute": 1},
		"us-west-production": {"Ingress": 1},
	} {
		path := "manifests/" + cluster + "/cumulus/models/manifests.yaml"
		want, got := maps.Clone(everywhere), map[string]int{}
		maps.Copy(want, own)
		was := map[string]bool{}
		for _, o := range objects(t, before[path]) {
			was[o.identity()] = true
		}
		for _, o := range objects(t, after[path]) {
			if !was[o.identity()] {
				got[o.text("kind")]++
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the model is %v, want %v", cluster, got, want)
		}
		signs := strings.Join(slices.Collect(func(yield func(string) bool) {
			for _, document := range documents(after[path]) {
				if strings.Contains(document, "name: signs\n") && !yield(document) {
					return
				}
			}
		}), "\n---\n")
		leads := map[string]string{"us-east-production": "- d111111abcdef8.cloudfront.net\n", "us-west-production": "- public.us-west.mlfleet.example\n"}[cluster]
		if n := strings.Count(signs, leads); n != 2 {
			t.Errorf("%s: %d of the model's two names lead to %q", cluster, n, leads)
		}
		for _, piece := range []string{`nvidia.com/gpu: "1"`, "minReplicaCount: 2", "maxReplicaCount: 10", "signs.mlfleet.example", "aws/region"} {
			if !strings.Contains(signs, piece) {
				t.Errorf("%s: nothing of the model holds %q", cluster, piece)
			}
		}
	}
	for path, piece := range map[string]string{
		"manifests/us-east-production/platform/manifests.yaml":       "protocol: HTTPS",
		"manifests/us-west-production/cumulus/models/manifests.yaml": "certificate-arn",
	} {
		if !strings.Contains(string(after[path]), piece) {
			t.Errorf("%s has no TLS: nothing holds %q", path, piece)
		}
	}
}

// firstModel is the document in docs/first-model.md.
func firstModel(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("../docs/first-model.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, there := strings.Cut(string(page), "```yaml\n")
	model, _, closed := strings.Cut(rest, "```\n")
	if !there || !closed {
		t.Fatal("docs/first-model.md shows no model")
	}
	return model
}
