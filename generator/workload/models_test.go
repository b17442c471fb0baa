package workload

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/schemacheck"
)

// asMap is what a reader of the manifests sees of an object.
func asMap(t *testing.T, value any) map[string]any {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("encoding %T: %v", value, err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("decoding %T: %v", value, err)
	}
	return m
}

// podOf is the pod that the Deployment of the named model makes in a placement.
func podOf(t *testing.T, p *fleet.Placement, model string) corev1.PodTemplateSpec {
	t.Helper()
	return deployment(p, modelNamed(t, p, model)).Spec.Template
}

// eachPlacement runs a test in both of the fixture's clusters and in its Base.
func eachPlacement(t *testing.T, test func(t *testing.T, p *fleet.Placement)) {
	t.Helper()
	f, irsa, podIdentity := fixture(t)
	t.Run("base", func(t *testing.T) { test(t, f.Tenants[0].Base) })
	t.Run(irsa.Cluster.Name, func(t *testing.T) { test(t, irsa) })
	t.Run(podIdentity.Cluster.Name, func(t *testing.T) { test(t, podIdentity) })
}

func TestModelsFilesAndOrder(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		var got []string
		for _, o := range Models(p) {
			got = append(got, o.File+" "+asMap(t, o.Value)["kind"].(string))
		}
		var want []string
		for _, m := range []string{"reranker", "sentiment", "tagger", "vision"} {
			want = append(want, m+"/deployment.yaml Deployment", m+"/service.yaml Service", m+"/configmap.yaml ConfigMap")
			if m != "tagger" { // its replicas are fixed
				want = append(want, m+"/autoscaling.yaml HorizontalPodAutoscaler")
			}
			want = append(want, m+"/disruption.yaml PodDisruptionBudget", m+"/monitoring.yaml ServiceMonitor")
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestModelsMetadata(t *testing.T) {
	eachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, o := range Models(p) {
			meta := asMap(t, o.Value)["metadata"].(map[string]any)
			model := path.Dir(o.File)
			if meta["namespace"] != "tenant-acme" || meta["name"] != model {
				t.Errorf("%s is %v/%v, want tenant-acme/%s", o.File, meta["namespace"], meta["name"], model)
			}
			labels := meta["labels"].(map[string]any)
			want := map[string]string{LabelTenant: "acme", LabelModel: model, LabelPartOf: "acme", LabelManagedBy: "mlfleet"}
			for label, value := range want {
				if labels[label] != value {
					t.Errorf("%s: label %s is %v, want %s", o.File, label, labels[label], value)
				}
			}
			// These come from the overlay, which puts them on everything at once.
			for _, label := range []string{LabelCluster, LabelRegion, LabelEnvironment} {
				if _, ok := labels[label]; ok {
					t.Errorf("%s sets %s itself", o.File, label)
				}
			}
		}
	})
}

// The objects are accepted by the schemas of every release we write for.
func TestModelsFitSchemas(t *testing.T) {
	checker, err := schemacheck.New()
	if err != nil {
		t.Fatal(err)
	}
	eachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, o := range Models(p) {
			for _, err := range checker.Check(withoutEmptyStatus(asMap(t, o.Value))) {
				t.Errorf("%s: %v", o.File, err)
			}
		}
	})
}

// withoutEmptyStatus leaves out what the writer leaves out.
func withoutEmptyStatus(object map[string]any) map[string]any {
	delete(object, "status")
	return object
}

func TestModelsDeterministic(t *testing.T) {
	_, p, _ := fixture(t)
	before, err := json.Marshal(p.Models)
	if err != nil {
		t.Fatal(err)
	}
	render := func() string {
		var b strings.Builder
		for _, o := range Models(p) {
			data, err := json.Marshal(o.Value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s %s\n", o.File, data)
		}
		return b.String()
	}
	first := render()
	for range 20 {
		if got := render(); got != first {
			t.Fatalf("two runs differ:\n%s\n%s", first, got)
		}
	}
	after, err := json.Marshal(p.Models)
	if err != nil {
		t.Fatal(err)
	}
	if string(before) != string(after) {
		t.Error("building the objects changed the models")
	}
}

// Kustomize reorders lists that differ in length between a base and a patch, so
// a cluster may change leaves and map entries only.
func TestModelsShapeIsTheBases(t *testing.T) {
	f, irsa, podIdentity := fixture(t)
	base := lists(t, Models(f.Tenants[0].Base))
	if len(base) == 0 {
		t.Fatal("no lists found")
	}
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		final := lists(t, Models(p))
		for place, n := range final {
			if base[place] != n {
				t.Errorf("%s: %s has %d elements, the base %d", p.Cluster.Name, place, n, base[place])
			}
		}
		if len(final) != len(base) {
			t.Errorf("%s: %d lists, the base has %d", p.Cluster.Name, len(final), len(base))
		}
	}
}

// lists maps the place of every list in the objects to its length.
func lists(t *testing.T, objects []Object) map[string]int {
	t.Helper()
	found := map[string]int{}
	var walk func(place string, value any)
	walk = func(place string, value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, element := range v {
				walk(place+"."+key, element)
			}
		case []any:
			found[place] = len(v)
			for i, element := range v {
				walk(fmt.Sprintf("%s[%d]", place, i), element)
			}
		}
	}
	for _, o := range objects {
		walk(o.File, asMap(t, o.Value))
	}
	return found
}

// What only a cluster knows is not in the base.
func TestBaseKnowsNoCluster(t *testing.T) {
	f, irsa, podIdentity := fixture(t)
	var text strings.Builder
	for _, o := range Models(f.Tenants[0].Base) {
		data, err := json.Marshal(o.Value)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		c := p.Cluster
		for _, word := range []string{c.Name, c.Region.Cloud, c.Spec.Ingress.Hostname, "capacity-type", "capacityType", "kube-prometheus-stack"} {
			if strings.Contains(text.String(), word) {
				t.Errorf("the base mentions %q", word)
			}
		}
	}
}
