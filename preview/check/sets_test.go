package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// The policies are those of the CRD in Argo CD's own module, and it lists the values of
// no other field of an ApplicationSet, AppProject or Application that a person writes.
func TestPoliciesAreTheCRDs(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for _, kind := range []string{"applicationset", "appproject", "application"} {
		data, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "manifests/crds", kind+"-crd.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		var crd any
		if err := yaml.Unmarshal(data, &crd); err != nil {
			t.Fatal(err)
		}
		enums(crd, "", got)
	}
	var want []string
	for _, p := range policies {
		want = append(want, string(p))
	}
	if len(got) != 1 || !slices.Equal(got["syncPolicy.applicationsSync"], want) {
		t.Errorf("the CRDs list %v, and policies are %v", got, want)
	}
}

// enums collects the lists of values in a schema, less those of statuses, by the last two
// names on the way.
func enums(node any, at string, out map[string][]string) {
	fields, ok := node.(map[string]any)
	if !ok {
		if list, ok := node.([]any); ok {
			for _, n := range list {
				enums(n, at, out)
			}
		}
		return
	}
	if list, ok := fields["enum"].([]any); ok {
		for _, v := range list {
			out[at] = append(out[at], v.(string))
		}
	}
	for name, n := range fields {
		switch properties, ok := n.(map[string]any); {
		case name == "properties" && ok:
			for field, schema := range properties {
				if field != "status" {
					enums(schema, at[strings.LastIndex(at, ".")+1:]+"."+field, out)
				}
			}
		default:
			enums(n, at, out)
		}
	}
}
