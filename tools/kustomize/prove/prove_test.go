package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Two overlays of one base, of which one names another image.
var tree = map[string]string{
	"platform/base/kustomization.yaml":               "resources: [class.yaml]",
	"platform/base/class.yaml":                       "{apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, metadata: {name: gold}, value: 7}",
	"platform/overlays/east/kustomization.yaml":      "resources: [../../base]",
	"manifests/east/platform/manifests.yaml":         "# Generated.\n---\nvalue: 7\nmetadata:\n  name: gold\nkind: PriorityClass\napiVersion: scheduling.k8s.io/v1\n",
	"tenants/a/models/base/kustomization.yaml":       "resources: [pod.yaml]",
	"tenants/a/models/base/pod.yaml":                 "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: n}, spec: {containers: [{name: c, image: i}]}}",
	"tenants/a/models/overlays/w/kustomization.yaml": "resources: [../../base]\nimages: [{name: i, newTag: \"1\"}]",
	"manifests/w/a/models/manifests.yaml":            "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: n}, spec: {containers: [{name: c, image: 'i:1'}]}}",
}

func TestProve(t *testing.T) {
	kustomize := filepath.Join(t.TempDir(), "kustomize")
	if out, err := exec.Command("go", "build", "-o", kustomize, "sigs.k8s.io/kustomize/kustomize/v5").CombinedOutput(); err != nil {
		t.Fatalf("building kustomize: %v\n%s", err, out)
	}
	for name, test := range map[string]struct {
		change map[string]string // path → content, "" to remove it
		want   []string          // in the differences, in order
	}{
		"equal": {},
		"a changed field": {
			change: map[string]string{"manifests/w/a/models/manifests.yaml": strings.Replace(tree["manifests/w/a/models/manifests.yaml"], "i:1", "i:2", 1)},
			want:   []string{`tenants/a/models/overlays/w: object 1, Pod n/p: .spec.containers[0].image is built as "i:1", the manifests have "i:2"`},
		},
		"a number that became text": {
			change: map[string]string{"manifests/east/platform/manifests.yaml": strings.Replace(tree["manifests/east/platform/manifests.yaml"], "value: 7", `value: "7"`, 1)},
			want:   []string{`platform/overlays/east: object 1, PriorityClass gold: .value is built as 7, the manifests have "7"`},
		},
		"an object too many": {
			change: map[string]string{"manifests/east/platform/manifests.yaml": tree["manifests/east/platform/manifests.yaml"] + "---\n{kind: PriorityClass, metadata: {name: lead}}"},
			want:   []string{"platform/overlays/east: object 2, PriorityClass lead, is in the manifests and not built"},
		},
		"an object too few": {
			change: map[string]string{"manifests/east/platform/manifests.yaml": "# nothing"},
			want:   []string{"platform/overlays/east: object 1, PriorityClass gold, is built and not in the manifests"},
		},
		"no manifests": {
			change: map[string]string{"manifests/east/platform/manifests.yaml": ""},
			want:   []string{"platform/overlays/east: has no manifests/east/platform/manifests.yaml"},
		},
		"no overlay": {
			change: map[string]string{"platform/overlays/east/kustomization.yaml": ""},
			want:   []string{"manifests/east/platform/manifests.yaml: no overlay builds it"},
		},
		"an overlay that does not build": {
			change: map[string]string{"platform/base/class.yaml": ""},
			want:   []string{"platform/overlays/east: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			golden := t.TempDir()
			for path, content := range tree {
				if changed, ok := test.change[path]; ok {
					content = changed
				}
				if content != "" {
					write(t, filepath.Join(golden, path), content)
				}
			}
			got, err := prove(t.Context(), kustomize, golden)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got.differences, test.want, strings.HasPrefix) {
				t.Errorf("differences:\n%s\nwant:\n%s", strings.Join(got.differences, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

func TestProveWantsATree(t *testing.T) {
	if _, err := prove(t.Context(), "kustomize", t.TempDir()); err == nil {
		t.Error("an empty folder is proven")
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
