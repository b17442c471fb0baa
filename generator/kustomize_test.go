package generator_test

import (
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// The central proof: what Argo CD will build of every overlay is, object by
// object and in order, what stands in manifests/ for a reviewer to read.
func TestKustomizeBuildsTheManifests(t *testing.T) {
	_, files := sample(t)
	disk := filesys.MakeFsInMemory()
	for path, data := range files {
		if err := disk.WriteFile("/golden/"+path, data); err != nil {
			t.Fatal(err)
		}
	}
	overlays := map[string]string{} // overlay → manifests
	for path, rest := range below(files, "manifests/") {
		overlays[overlayOf(t, rest)] = path
	}
	for path := range files {
		dir, ok := strings.CutSuffix(path, "/kustomization.yaml")
		if ok && strings.Contains(dir, "/overlays/") && overlays[dir] == "" {
			t.Errorf("%s has no manifests", dir)
		}
	}
	if len(overlays) < 8*2 {
		t.Fatalf("only %d overlays: the sample fleet has eight clusters", len(overlays))
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // as on the command line: sortOptions decide
	count := 0
	for dir, manifests := range overlays {
		built, err := krusty.MakeKustomizer(options).Run(disk, "/golden/"+dir)
		if err != nil {
			t.Errorf("kustomize build %s: %v", dir, err)
			continue
		}
		want := objects(t, files[manifests])
		if built.Size() != len(want) {
			t.Errorf("kustomize build %s gives %d objects, %s has %d", dir, built.Size(), manifests, len(want))
			continue
		}
		for i, resource := range built.Resources() {
			data, err := resource.AsYAML()
			if err != nil {
				t.Fatal(err)
			}
			if got := objects(t, data)[0]; !reflect.DeepEqual(got, want[i]) {
				text, _ := yaml.Marshal(want[i]) // it was decoded from YAML
				t.Errorf("object %d that kustomize builds of %s is\n%s\nin %s it is\n%s", i+1, dir, data, manifests, text)
			}
			count++
		}
	}
	t.Logf("%d overlays build to %d objects", len(overlays), count)
}

// overlayOf is the overlay whose manifests stand at a path below manifests/.
func overlayOf(t *testing.T, path string) string {
	t.Helper()
	parts := strings.Split(path, "/")
	switch {
	case len(parts) == 3 && parts[1] == "platform" && parts[2] == "manifests.yaml":
		return "platform/overlays/" + parts[0]
	case len(parts) == 4 && parts[3] == "manifests.yaml":
		return "tenants/" + parts[1] + "/" + parts[2] + "/overlays/" + parts[0]
	}
	t.Fatalf("manifests/%s is no overlay's", path)
	return ""
}
