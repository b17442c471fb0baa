package schemacheck

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/internal/schemacheck/bundle"
)

// sampleDocuments are the objects of testdata/valid as JSON, read once: the tests
// want a fresh copy of them hundreds of times, and YAML is slow.
var sampleDocuments = sync.OnceValues(func() ([][]byte, error) {
	files, err := filepath.Glob("testdata/valid/*.yaml")
	if err != nil {
		return nil, err
	}
	var documents [][]byte
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for doc := range bytes.SplitSeq(raw, []byte("\n---\n")) {
			document, err := yaml.YAMLToJSONStrict(doc)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			documents = append(documents, document)
		}
	}
	return documents, nil
})

// samples are the objects of testdata/valid: at least one of each kind, none with a
// fault. The caller may change them.
func samples(t testing.TB) []map[string]any {
	t.Helper()
	documents, err := sampleDocuments()
	if err != nil || len(documents) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	var objects []map[string]any
	for _, doc := range documents {
		objects = append(objects, parse(t, string(doc)))
	}
	return objects
}

func parse(t testing.TB, doc string) map[string]any {
	t.Helper()
	var obj map[string]any
	if err := json.Unmarshal([]byte(doc), &obj); err != nil {
		t.Fatalf("sample: %v\n%s", err, doc)
	}
	return obj
}

func sample(t testing.TB, kind string) map[string]any {
	t.Helper()
	for _, obj := range samples(t) {
		if obj["kind"] == kind {
			return obj
		}
	}
	t.Fatalf("no sample of kind %s", kind)
	return nil
}

func newChecker(t testing.TB) *Checker {
	t.Helper()
	c, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSamplesAreValidAndCoverEveryKind(t *testing.T) {
	c := newChecker(t)
	seen := map[string]bool{}
	for _, obj := range samples(t) {
		seen[keyOf(obj)] = true
		for _, err := range c.Check(obj) {
			t.Errorf("%s: %v", keyOf(obj), err)
		}
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, c.Kinds()) {
		t.Errorf("samples of %v\nbut schemas of %v", got, c.Kinds())
	}
}

// open are the places of the samples whose content no schema limits.
var open = []string{
	"ApplicationSet spec.generators[0].list.elements[0]", // whatever the template uses
	"AlertmanagerConfig spec.route.routes[0]",            // a CRD cannot say that a route holds routes
}

// TestEveryPlaceIsJudged puts a field that nobody knows into every object of every
// sample, and something of the wrong type in every place, and wants each refused
// with the name of that place.
func TestEveryPlaceIsJudged(t *testing.T) {
	c := newChecker(t)
	places := 0
	for _, obj := range samples(t) {
		kind := obj["kind"].(string)
		visit(obj, "", func(path string, place any, set func(any)) {
			if slices.ContainsFunc(open, func(o string) bool { return strings.HasPrefix(kind+" "+path, o) }) {
				return
			}
			places++
			if fields, ok := place.(map[string]any); ok {
				fields["contianers"] = []any{[]any{}}
				if !anyAt(c.Check(obj), join(path, "contianers")) {
					t.Errorf("%s %s: an unknown field passed", kind, path)
				}
				delete(fields, "contianers")
			}
			if set == nil || path == "apiVersion" || path == "kind" {
				return
			}
			for _, wrong := range []any{map[string]any{"a": []any{1}}, []any{[]any{}}, true, nil} {
				if fmt.Sprintf("%T", wrong) == fmt.Sprintf("%T", place) {
					continue
				}
				set(wrong)
				if !anyAt(c.Check(obj), path) {
					t.Errorf("%s %s: %T passed in the place of %T", kind, path, wrong, place)
				}
				set(place)
			}
		})
		if errs := c.Check(obj); len(errs) != 0 {
			t.Fatalf("%s is not what it was: %v", kind, errs)
		}
	}
	t.Logf("%d places", places)
}

// visit calls f for value and everything in it. set replaces the value where it is.
func visit(value any, path string, f func(path string, place any, set func(any))) {
	var walk func(value any, path string, set func(any))
	walk = func(value any, path string, set func(any)) {
		f(path, value, set)
		switch v := value.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], join(path, name), func(new any) { v[name] = new })
			}
		case []any:
			for i := range v {
				walk(v[i], fmt.Sprintf("%s[%d]", path, i), func(new any) { v[i] = new })
			}
		}
	}
	walk(value, path, nil)
}

func join(path, name string) string { return strings.TrimPrefix(path+"."+name, ".") }

// anyAt says whether one of the errors is about path or a place inside it.
func anyAt(errs []error, path string) bool {
	return slices.ContainsFunc(errs, func(err error) bool {
		e, ok := errors.AsType[*Error](err)
		return ok && (e.Path == path || strings.HasPrefix(e.Path, path+".") || strings.HasPrefix(e.Path, path+"["))
	})
}

func TestRefused(t *testing.T) {
	const kubernetes, argo2, argo3, prometheus = "Kubernetes v1.36.3", "Argo CD v2.14.21", "Argo CD v3.5.7", "prometheus-operator v0.85.0"
	c := newChecker(t)
	for _, tc := range []struct {
		kind, path string
		value      any // nil removes
		want       []string
	}{
		{"Deployment", "spec.template.spec.contianers", []any{}, []string{"spec.template.spec.contianers: unknown field (" + kubernetes + ")"}},
		{"Deployment", "spec.selector", nil, []string{"spec.selector: required field is missing (" + kubernetes + ")"}},
		{"Deployment", "spec.template.spec.containers[0].name", nil, []string{"spec.template.spec.containers[0].name: required field is missing (" + kubernetes + ")"}},
		{"Deployment", "spec.replicas", "3", []string{`spec.replicas: must be of type integer: "string" (` + kubernetes + ")"}},
		{"Deployment", "spec.replicas", 3.5, []string{
			"spec.replicas: Checked value must be of type integer with format int32 (" + kubernetes + ")",
			`spec.replicas: must be of type int32: "float64" (` + kubernetes + ")"}},
		{"Deployment", "spec.replicas", 3e9, []string{"spec.replicas: Checked value must be of type integer with format int32 (" + kubernetes + ")"}},
		{"Deployment", "spec.strategy.type", "Rolling", []string{"spec.strategy.type: should be one of [Recreate RollingUpdate] (" + kubernetes + ")"}},
		{"Deployment", "spec.strategy.rollingUpdate.maxSurge", 1.5, []string{`spec.strategy.rollingUpdate.maxSurge: must be of type integer,string: "number" (` + kubernetes + ")"}},
		{"Deployment", "spec.template.spec.containers[0].imagePullPolicy", "always", []string{"spec.template.spec.containers[0].imagePullPolicy: should be one of [Always IfNotPresent Never] (" + kubernetes + ")"}},
		{"Deployment", "spec.template.spec.containers[0].ports[1]", map[string]any{"containerPort": 8000, "name": "other"},
			[]string{`spec.template.spec.containers[0].ports[1]: duplicate of element 0: {"containerPort":8000,"protocol":"TCP"} (` + kubernetes + ")"}},
		{"Deployment", "spec.template.spec.volumes[1].name", "models", []string{
			`spec.template.spec.volumes[1]: duplicate of element 0: {"name":"models"} (` + kubernetes + ")"}},
		{"Deployment", "spec.template.spec.containers[0].volumeMounts[1].mountPath", "/models", []string{
			`spec.template.spec.containers[0].volumeMounts[1]: duplicate of element 0: {"mountPath":"/models"} (` + kubernetes + ")"}},
		{"Deployment", "metadata.creationTimestamp", "yesterday", []string{`metadata.creationTimestamp: must be of type date-time: "yesterday" (` + kubernetes + ")"}},
		{"Service", "spec.type", "Cluster", []string{"spec.type: should be one of [ClusterIP ExternalName LoadBalancer NodePort] (" + kubernetes + ")"}},
		{"HorizontalPodAutoscaler", "spec.maxReplicas", nil, []string{"spec.maxReplicas: required field is missing (" + kubernetes + ")"}},
		{"PodDisruptionBudget", "spec.unhealthyPodEvictionPolicy", "Always", []string{"spec.unhealthyPodEvictionPolicy: should be one of [AlwaysAllow IfHealthyBudget] (" + kubernetes + ")"}},
		{"NetworkPolicy", "spec.policyTypes[0]", "ingress", []string{"spec.policyTypes[0]: should be one of [Egress Ingress] (" + kubernetes + ")"}},
		{"Role", "rules[0].verbs", nil, []string{"rules[0].verbs: required field is missing (" + kubernetes + ")"}},
		{"RoleBinding", "roleRef", nil, []string{"roleRef: required field is missing (" + kubernetes + ")"}},
		{"PriorityClass", "preemptionPolicy", "Lower", []string{"preemptionPolicy: should be one of [Never PreemptLowerPriority] (" + kubernetes + ")"}},
		{"Secret", "data.token", "not base64!", []string{`data.token: must be of type byte: "not base64!" (` + kubernetes + ")"}},
		{"ValidatingAdmissionPolicyBinding", "spec.validationActions[1]", "Deny", []string{`spec.validationActions[1]: duplicate of element 0: "Deny" (` + kubernetes + ")"}},

		{"AppProject", "spec.permitOnlyProjectScopedCluster", true, []string{
			"spec.permitOnlyProjectScopedCluster: unknown field (" + argo2 + ")",
			"spec.permitOnlyProjectScopedCluster: unknown field (" + argo3 + ")"}},
		{"AppProject", "spec.clusterResourceWhitelist", []any{map[string]any{"group": "", "kind": "Namespace", "name": "tenant-*"}},
			[]string{"spec.clusterResourceWhitelist[0].name: unknown field (" + argo2 + ")"}},
		{"AppProject", "metadata.lables", map[string]any{}, []string{"metadata.lables: unknown field (" + argo2 + ")", "metadata.lables: unknown field (" + argo3 + ")"}},
		{"AppProject", "metadata", nil, []string{"metadata: required field is missing (" + argo2 + ")", "metadata: required field is missing (" + argo3 + ")"}},
		{"ApplicationSet", "spec.template.spec.syncPolicy.automated.enabled", true, []string{"spec.template.spec.syncPolicy.automated.enabled: unknown field (" + argo2 + ")"}},
		{"ApplicationSet", "spec.syncPolicy.applicationsSync", "never", []string{
			"spec.syncPolicy.applicationsSync: should be one of [create-only create-update create-delete sync] (" + argo2 + ")",
			"spec.syncPolicy.applicationsSync: should be one of [create-only create-update create-delete sync] (" + argo3 + ")"}},
		{"Application", "spec.project", nil, []string{"spec.project: required field is missing (" + argo2 + ")", "spec.project: required field is missing (" + argo3 + ")"}},
		{"ServiceMonitor", "spec.endpoints[0].interval", "15 seconds", []string{
			"spec.endpoints[0].interval: should match '^(0|(([0-9]+)y)?(([0-9]+)w)?(([0-9]+)d)?(([0-9]+)h)?(([0-9]+)m)?(([0-9]+)s)?(([0-9]+)ms)?)$' (" + prometheus + ")"}},
		{"ServiceMonitor", "spec.endpoints", nil, []string{"spec.endpoints: required field is missing (" + prometheus + ")"}},
		{"PrometheusRule", "spec.groups[0].rules[0].expr", 1, nil}, // int-or-string: valid
	} {
		t.Run(tc.kind+" "+tc.path, func(t *testing.T) {
			obj := sample(t, tc.kind)
			put(t, obj, tc.path, tc.value)
			var got []string
			for _, err := range c.Check(obj) {
				got = append(got, err.Error())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// put writes value at path of obj, making the last field where it is missing; nil removes it.
func put(t testing.TB, obj map[string]any, path string, value any) {
	t.Helper()
	done := false
	visit(obj, "", func(at string, place any, set func(any)) {
		if done {
			return
		}
		if at == path && value != nil {
			set(value)
			done = true
			return
		}
		fields, ok := place.(map[string]any)
		name, inside := strings.CutPrefix(path, cmp.Or(at+".", "."))
		if at == "" {
			name, inside = path, true
		}
		if !ok || !inside || strings.ContainsAny(name, ".[") {
			return
		}
		if value == nil {
			delete(fields, name)
		} else {
			fields[name] = value
		}
		done = true
	})
	if !done {
		t.Fatalf("%s has no place %s", obj["kind"], path)
	}
}

func TestNoSchema(t *testing.T) {
	c := newChecker(t)
	for doc, want := range map[string]string{
		`{"apiVersion": "example.com/v1", "kind": "Widget"}`:                  `no schema for apiVersion "example.com/v1", kind "Widget" (refresh/sources.go lists the kinds that are vendored)`,
		`{"apiVersion": "autoscaling/v1", "kind": "HorizontalPodAutoscaler"}`: `no schema for apiVersion "autoscaling/v1", kind "HorizontalPodAutoscaler" (there is one for autoscaling/v2)`,
		`{"kind": "Deployment"}`:                                              `no schema for apiVersion "", kind "Deployment" (there is one for apps/v1)`,
		`{"apiVersion": "v1"}`:                                                `no schema for apiVersion "v1", kind "" (refresh/sources.go lists the kinds that are vendored)`,
		`{"apiVersion": ["v1"], "kind": 1}`:                                   `no schema for apiVersion "", kind "" (refresh/sources.go lists the kinds that are vendored)`,
	} {
		errs := c.Check(parse(t, doc))
		if len(errs) != 1 || !errors.Is(errs[0], ErrNoSchema) || errs[0].Error() != want {
			t.Errorf("%s: %v\nwant %s", doc, errs, want)
		}
	}
}

// TestFilesAreAsDocumented catches a bundle that was edited by hand, or refreshed
// without its page.
func TestFilesAreAsDocumented(t *testing.T) {
	page, err := os.ReadFile("testdata/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(vendored, "testdata/*.json.gz")
	if err != nil || len(files) == 0 {
		t.Fatalf("bundles: %v %v", files, err)
	}
	for _, name := range files {
		file, err := vendored.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := bundle.Content(file)
		if err != nil {
			t.Fatal(err)
		}
		_, section, found := strings.Cut(string(page), "\n## "+filepath.Base(name)+"\n")
		section, _, _ = strings.Cut(section, "\n## ")
		if digest := fmt.Sprintf("`%x`", sha256.Sum256(content)); !found || !strings.Contains(section, digest) {
			t.Errorf("SOURCES.md does not record %s with digest %s", name, digest)
		}
	}
}

// TestConcurrent is for the race detector: several goroutines may be the first to
// need a schema.
func TestConcurrent(t *testing.T) {
	c := newChecker(t)
	var group sync.WaitGroup
	for range 4 {
		objects := samples(t)
		group.Go(func() {
			for _, obj := range objects {
				for _, err := range slices.Concat(c.Check(obj), c.Rules(obj)) {
					t.Errorf("%s: %v", keyOf(obj), err)
				}
			}
		})
	}
	group.Wait()
}

// BenchmarkCheck is one operation an object.
func BenchmarkCheck(b *testing.B) {
	c := newChecker(b)
	objects := samples(b)
	for _, obj := range objects {
		c.Check(obj)
	}
	for i := 0; b.Loop(); i++ {
		c.Check(objects[i%len(objects)])
	}
}
