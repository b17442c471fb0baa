package generator_test

import (
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck"
)

// Every object that reaches a cluster is one that its API server takes: valid
// under the projects' own schemas and rules. An object without a schema fails.
func TestEveryObjectIsValid(t *testing.T) {
	_, files := sample(t)
	checker, err := schemacheck.New()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, prefix := range []string{"manifests/", "argocd/"} {
		for path := range below(files, prefix) {
			for _, o := range objects(t, files[path]) {
				kinds[o.text("kind")]++
				found := checker.Check(o)
				if len(found) == 0 {
					found = checker.Rules(o)
				}
				for _, err := range found {
					t.Errorf("%s: %s: %v", path, o.identity(), err)
				}
			}
		}
	}
	for _, kind := range []string{"Namespace", "Deployment", "NetworkPolicy", "ServiceMonitor", "PriorityClass", "AppProject", "ApplicationSet", "Application"} {
		if kinds[kind] == 0 {
			t.Errorf("the sample fleet renders no %s", kind)
		}
	}
	t.Logf("%v", kinds)
}

// What an object of a cluster names is there.
func TestReferencesHold(t *testing.T) {
	f, files := sample(t)
	for _, c := range f.Clusters() {
		var all []map[string]any
		for path := range below(files, "manifests/"+c.Name+"/") {
			for _, o := range objects(t, files[path]) {
				all = append(all, o)
			}
		}
		if len(all) == 0 {
			t.Errorf("cluster %s gets no objects", c.Name)
		}
		for _, err := range schemacheck.References(all) {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// The fence: what a tenant's manifests hold is in its namespace, and of what
// has no namespace there is the Namespace alone.
func TestTenantsAreConfined(t *testing.T) {
	f, files := sample(t)
	for _, c := range f.Clusters() {
		for _, tenant := range f.Tenants {
			namespaces := 0
			for path, rest := range below(files, "manifests/"+c.Name+"/"+tenant.Name+"/") {
				for _, o := range objects(t, files[path]) {
					switch namespace := o.text("metadata", "namespace"); {
					case o.text("kind") == "Namespace" && o.text("metadata", "name") == tenant.Namespace() && strings.HasPrefix(rest, "guardrails/"):
						namespaces++
					case namespace != tenant.Namespace():
						t.Errorf("%s: %s is in namespace %q, not %q", path, o.identity(), namespace, tenant.Namespace())
					}
				}
			}
			if placed := tenant.Placement(c.Name) != nil; placed != (namespaces == 1) {
				t.Errorf("tenant %s in cluster %s: placed is %v, and it has %d namespaces", tenant.Name, c.Name, placed, namespaces)
			}
		}
	}
}

// Two objects of one identity in a cluster would overwrite each other at every sync.
func TestIdentitiesAreUnique(t *testing.T) {
	f, files := sample(t)
	where := map[string]string{}
	claim := func(cluster, path string, o object) {
		id := cluster + "|" + o.identity()
		if other, taken := where[id]; taken {
			t.Errorf("%s stands in %s and in %s", id, other, path)
		}
		where[id] = path
	}
	for _, c := range f.Clusters() {
		for path := range below(files, "manifests/"+c.Name+"/") {
			for _, o := range objects(t, files[path]) {
				claim(c.Name, path, o)
			}
		}
	}
	applications := map[string]string{}
	for path := range below(files, "argocd/") {
		for _, o := range objects(t, files[path]) {
			claim("the hub", path, o)
			for _, name := range applicationNames(t, o) {
				if other, taken := applications[name]; taken {
					t.Errorf("Application %s comes from %s and from %s", name, other, path)
				}
				applications[name] = path
			}
		}
	}
	// Two a placement with models, one without; one a cluster for the platform.
	want := len(f.Clusters())
	for p := range f.Placements() {
		want++
		if len(p.Models) > 0 {
			want++
		}
	}
	generated := 0
	for _, path := range applications {
		if !strings.HasPrefix(path, "argocd/bootstrap") {
			generated++
		}
	}
	if generated != want {
		t.Errorf("%d Applications are generated, want %d", generated, want)
	}
}

// applicationNames are the Applications that an object is, or makes.
func applicationNames(t *testing.T, o object) []string {
	t.Helper()
	switch o.text("kind") {
	case "Application":
		return []string{o.text("metadata", "name")}
	case "ApplicationSet":
		if name := object(o["spec"].(map[string]any)["template"].(map[string]any)).text("metadata", "name"); name != "{{.name}}" {
			t.Fatalf("%s names its Applications %q", o.identity(), name)
		}
		var names []string
		for _, element := range elements(o) {
			names = append(names, element.text("name"))
		}
		return names
	}
	return nil
}

// elements are those of an ApplicationSet's list generators.
func elements(o object) []object {
	var out []object
	for _, generator := range o["spec"].(map[string]any)["generators"].([]any) {
		for _, element := range generator.(map[string]any)["list"].(map[string]any)["elements"].([]any) {
			out = append(out, element.(map[string]any))
		}
	}
	return out
}
