package workload

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/schemacheck"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/serving"
)

func TestModelsFilesAndOrder(t *testing.T) {
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		var got []string
		for _, o := range Models(p) {
			got = append(got, o.File+" "+workloadtest.AsMap(t, o.Value)["kind"].(string))
		}
		want := []string{"dashboard.yaml ConfigMap"}
		for _, m := range []string{"reranker", "sentiment", "tagger", "vision"} {
			want = append(want, m+"/deployment.yaml Deployment", m+"/service.yaml Service", m+"/configmap.yaml ConfigMap")
			if m != "tagger" { // its replicas are fixed
				want = append(want, m+"/autoscaling.yaml ScaledObject")
			}
			want = append(want, m+"/disruption.yaml PodDisruptionBudget", m+"/monitoring.yaml ServiceMonitor", m+"/alerts.yaml PrometheusRule")
			if m == "sentiment" || m == "vision" { // the others have no GPU to themselves
				want = append(want, m+"/alerts.yaml PrometheusRule")
			}
			want = append(want, m+"/objectives.yaml PrometheusRule")
			if m == "sentiment" && p.Cluster != nil { // exposed, by names that only a cluster has
				route := "HTTPRoute"
				if p.Cluster.Spec.Ingress.LoadBalanced() {
					route = "Ingress"
				}
				want = append(want, m+"/route.yaml "+route, m+"/dns.yaml DNSEndpoint")
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

// Replicas belong to the autoscaler where there is one, to the Deployment where not.
func TestReplicasHaveOneOwner(t *testing.T) {
	_, p, adapter := workloadtest.Fixture(t)
	adapter.Cluster.Spec.Scaling.MetricsAdapter = true
	for _, p := range []*fleet.Placement{p, adapter} {
		scaled := map[string]int{}
		for _, o := range Models(p) {
			object := workloadtest.AsMap(t, o.Value)
			if object["kind"] == "HorizontalPodAutoscaler" || object["kind"] == "ScaledObject" {
				scaled[object["metadata"].(map[string]any)["name"].(string)]++
			}
		}
		for _, m := range p.Models {
			owners := scaled[m.Name]
			if _, set := workloadtest.AsMap(t, serving.Deployment(p, m))["spec"].(map[string]any)["replicas"]; set {
				owners++
			}
			if owners != 1 {
				t.Errorf("%s in %s: %d objects say how many replicas there are", m.Name, p.Cluster.Name, owners)
			}
		}
	}
	if got := serving.Deployment(p, workloadtest.Model(t, p, "tagger")).Spec.Replicas; *got != 2 {
		t.Errorf("tagger has %d replicas", *got)
	}
}

// Argo CD gets no Application where a tenant has no models, so nothing may be made
// for one, not even what the models would share.
func TestNoModelsNoObjects(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	p.Models = nil
	if got := Models(p); got != nil {
		t.Errorf("made %v", workloadtest.Identities(t, got))
	}
}

func TestModelsMetadata(t *testing.T) {
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, o := range Models(p) {
			meta := workloadtest.AsMap(t, o.Value)["metadata"].(map[string]any)
			want := map[string]string{object.LabelTenant: "acme", object.LabelPartOf: "acme", object.LabelManagedBy: "mlfleet"}
			// A name is the model's, or has a dot, which no model's has: no two models' objects can meet.
			name, model := meta["name"].(string), path.Dir(o.File)
			switch {
			case model == ".": // of all models
				if !strings.Contains(name, ".") {
					t.Errorf("%s is named %s, as a model could be", o.File, name)
				}
			case name != model && !strings.HasPrefix(name, model+"."):
				t.Errorf("%s is named %s, want %s", o.File, name, model)
			default:
				want[object.LabelModel] = model
			}
			if meta["namespace"] != "tenant-acme" {
				t.Errorf("%s is in %v, want tenant-acme", o.File, meta["namespace"])
			}
			labels := meta["labels"].(map[string]any)
			for label, value := range want {
				if labels[label] != value {
					t.Errorf("%s: label %s is %v, want %s", o.File, label, labels[label], value)
				}
			}
			// These come from the overlay, which puts them on everything at once.
			for _, label := range []string{object.LabelCluster, object.LabelRegion, object.LabelEnvironment} {
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
	workloadtest.EachPlacement(t, func(t *testing.T, p *fleet.Placement) {
		for _, o := range Models(p) {
			for _, err := range checker.Check(withoutEmptyStatus(workloadtest.AsMap(t, o.Value))) {
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
	_, p, _ := workloadtest.Fixture(t)
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
// a cluster may change leaves and map entries only, of the objects that it has in
// common with the base.
func TestModelsShapeIsTheBases(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
	objects := Models(f.Tenants[0].Base)
	common := workloadtest.Identities(t, objects)
	base := lists(t, objects)
	if len(base) == 0 {
		t.Fatal("no lists found")
	}
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		final := lists(t, slices.DeleteFunc(Models(p), func(o object.Object) bool {
			return !slices.Contains(common, workloadtest.Identities(t, []object.Object{o})[0])
		}))
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
func lists(t *testing.T, objects []object.Object) map[string]int {
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
		walk(o.File, workloadtest.AsMap(t, o.Value))
	}
	return found
}

// What only a cluster knows is not in the base.
func TestBaseKnowsNoCluster(t *testing.T) {
	f, irsa, podIdentity := workloadtest.Fixture(t)
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
