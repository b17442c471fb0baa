package apiserver

import (
	"compress/gzip"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
)

// vendored are the schemas that the generator's own tests hold objects against. Those
// know everything but CEL.
const vendored = "../../generator/internal/schemacheck/testdata/*.json.gz"

// A rulebook is the CEL rules of a kind's CRD.
type rulebook struct {
	validator  *cel.Validator
	structural *schema.Structural
}

// rulebooks are those of the vendored CRDs that state rules, by "apiVersion kind".
func rulebooks(t testing.TB) map[string]rulebook {
	t.Helper()
	files, err := filepath.Glob(vendored)
	if err != nil || len(files) == 0 {
		t.Fatalf("vendored schemas: %v %v", files, err)
	}
	books := map[string]rulebook{}
	for _, file := range files {
		var bundle struct {
			Custom bool `json:"custom"`
			Kinds  map[string]struct {
				Schema string `json:"schema"`
			} `json:"kinds"`
			Schemas map[string]json.RawMessage `json:"schemas"`
		}
		unpack(t, file, &bundle)
		for kind, at := range bundle.Kinds {
			if raw := bundle.Schemas[at.Schema]; bundle.Custom && strings.Contains(string(raw), `"x-kubernetes-validations"`) {
				books[kind] = compiledRules(t, kind, raw)
			}
		}
	}
	return books
}

func compiledRules(t testing.TB, kind string, raw []byte) rulebook {
	t.Helper()
	var published apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(raw, &published); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&published, &internal, nil); err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	validator := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	if validator == nil {
		t.Fatalf("%s has rules, but none was found", kind)
	}
	return rulebook{validator, structural}
}

func (b rulebook) broken(t testing.TB, o *unstructured.Unstructured) []string {
	t.Helper()
	errs, _ := b.validator.Validate(t.Context(), nil, b.structural, o.Object, nil, celconfig.RuntimeCELCostBudget)
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	return out
}

// TestRulesOfCRDsHold judges what goes to the clusters.
func TestRulesOfCRDsHold(t *testing.T) {
	books := rulebooks(t)
	judged := map[string]int{}
	err := filepath.WalkDir(golden+"manifests", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, o := range read(t, path) {
			kind := o.GetAPIVersion() + " " + o.GetKind()
			book, ok := books[kind]
			if !ok {
				continue
			}
			judged[kind]++
			for _, rule := range book.broken(t, o) {
				t.Errorf("%s: %s %s: %s", path, o.GetKind(), o.GetName(), rule)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range []string{"karpenter.sh/v1 NodePool", "karpenter.k8s.aws/v1 EC2NodeClass"} {
		if judged[kind] == 0 {
			t.Errorf("no %s was judged", kind)
		}
	}
}

// TestBrokenRulesAreFound breaks one rule each, so that the test above means something.
func TestBrokenRulesAreFound(t *testing.T) {
	books := rulebooks(t)
	for _, test := range []struct {
		kind, want string
		change     func(spec map[string]any)
	}{
		{"karpenter.sh/v1 NodePool", "requirements with operator 'In' must have a value defined", func(spec map[string]any) {
			node := spec["template"].(map[string]any)["spec"].(map[string]any)
			node["requirements"].([]any)[0].(map[string]any)["values"] = []any{}
		}},
		{"karpenter.k8s.aws/v1 EC2NodeClass", "family is not supported", func(spec map[string]any) {
			spec["amiSelectorTerms"].([]any)[0].(map[string]any)["alias"] = "ubuntu@v1"
		}},
	} {
		found := false
		for _, o := range read(t, golden+"manifests/us-east-production/platform/manifests.yaml") {
			if o.GetAPIVersion()+" "+o.GetKind() != test.kind {
				continue
			}
			found = true
			test.change(o.Object["spec"].(map[string]any))
			if got := strings.Join(books[test.kind].broken(t, o), "\n"); !strings.Contains(got, test.want) {
				t.Errorf("%s %s: %q, want %q", o.GetKind(), o.GetName(), got, test.want)
			}
		}
		if !found {
			t.Errorf("the sample fleet has no %s", test.kind)
		}
	}
}

// unpack decodes a compressed JSON file.
func unpack(t testing.TB, path string, into any) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(plain).Decode(into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
