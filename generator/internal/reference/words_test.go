package reference

import (
	"slices"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"

	cueschemas "github.com/mlfleet/mlfleet/cue"
	"github.com/mlfleet/mlfleet/generator/manifest"
)

// What a field may hold is told in the words of its definition.
func TestTypesAreToldInWords(t *testing.T) {
	root, err := cueschemas.Build(cuecontext.New())
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Model spec.replicas.min":             "a whole number, at least 0, at most 1000",
		"Model spec.runtime":                  "`onnx` or `triton`",
		"Model spec.gpu":                      "`none` or a map of the fields below",
		"Model spec.expose.public":            "true or false",
		"Region spec.zones":                   "a list, of an AWS availability zone of the region, such as us-east-1a, at least 2 of them, at most 6 of them",
		"Environment spec.tiers.<name>.quota": "a map of the fields below",
		"Tenant spec.quota.memory":            "a whole number of Mi, Gi or Ti, such as 512Mi or 8Gi",
		"Tenant metadata.name":                cueDoc(root, "#Name"),
	}
	required := map[string]bool{"Model spec.version": true, "Model spec.image": false, "Region spec.clusters[].gpuPools[].mig": false}
	for _, k := range kinds {
		document, err := schemas{root}.document(k.Kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range document.all() {
			name := k.Kind + " " + f.Name()
			if words, ok := want[name]; ok {
				delete(want, name)
				if got := f.Type.words(); got != words {
					t.Errorf("%s is %q, want %q", name, got, words)
				}
			}
			if must, ok := required[name]; ok {
				delete(required, name)
				if f.Required != must {
					t.Errorf("%s: required is %t", name, f.Required)
				}
			}
		}
	}
	if len(want)+len(required) > 0 {
		t.Errorf("the schemas have no %v %v", want, required)
	}
}

func cueDoc(root cue.Value, name string) string {
	return formatDoc(name, root.LookupPath(cue.ParsePath(name)))
}

// Paths of what differs name the containers and variables that a reader knows, and
// number nothing.
func TestDifferences(t *testing.T) {
	object := func(yaml string) manifest.Node {
		objects, err := manifest.ParseYAML([]byte("apiVersion: v1\nkind: Thing\nmetadata: {name: a}\n" + yaml))
		if err != nil {
			t.Fatal(err)
		}
		return objects[0].Root
	}
	old := object("spec: {containers: [{name: server, env: [{name: A, value: x}]}], rules: [{port: 1, headers: {x: a}}], hosts: [a]}\n")
	now := object("spec: {containers: [{name: server, env: [{name: A, value: y}]}], rules: [{port: 2, headers: {y: a}}], hosts: [b]}\n")
	var got []string
	differences(old, now, "", func(path string) { got = append(got, path) })
	want := []string{"spec.containers[server].env[A].value", "spec.hosts", "spec.rules[].headers", "spec.rules[].port"}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("differences at %q, want %q", got, want)
	}
}

// Many paths are told by what they are in.
func TestManyPathsAreShortened(t *testing.T) {
	paths := map[string]bool{"": true}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		paths["metadata.labels[example.com/"+name+"]"] = true
	}
	if got, want := where(paths), ": `metadata.labels`, and the object itself"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Paths in golden/ are told without the names of the sample fleet.
func TestPatterns(t *testing.T) {
	for file, want := range map[string]string{
		"golden/tenants/acme/models/base/ranker/service.yaml":               "golden/tenants/<tenant>/models/base/<model>/service.yaml",
		"golden/tenants/acme/models/overlays/us-east-staging/ranker/a.yaml": "golden/tenants/<tenant>/models/overlays/<cluster>/<model>/a.yaml",
		"golden/tenants/acme/guardrails/base/quota.yaml":                    "golden/tenants/<tenant>/guardrails/base/quota.yaml",
		"golden/platform/overlays/us-east-staging/nodepools.yaml":           "golden/platform/overlays/<cluster>/nodepools.yaml",
		"golden/argocd/tenants/00/acme/models-staging.yaml":                 "golden/argocd/tenants/<shard>/<tenant>/models-<environment>.yaml",
		"golden/argocd/bootstrap.yaml":                                      "golden/argocd/bootstrap.yaml",
	} {
		if got := pattern(file); got != want {
			t.Errorf("%s is %s, want %s", file, got, want)
		}
	}
}
