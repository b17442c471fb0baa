package overlay

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

func objects(t testing.TB, text string) []manifest.Object {
	t.Helper()
	o, err := manifest.ParseYAML([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// baseItems are the objects of testdata/base.yaml, one file an object, but for
// the two network policies, which share one.
func baseItems(t testing.TB) []Item {
	t.Helper()
	text, err := os.ReadFile("testdata/base.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return itemsOf(objects(t, string(text)))
}

func itemsOf(objects []manifest.Object) []Item {
	items := make([]Item, 0, len(objects))
	for _, o := range objects {
		file := strings.ToLower(o.Kind) + "-" + o.Name + ".yaml"
		if o.Kind == "NetworkPolicy" {
			file = "networkpolicies.yaml"
		}
		items = append(items, Item{File: file, Object: o})
	}
	return items
}

// build runs Kustomize over base and overlay and reads what it gives.
func build(t testing.TB, base, overlay []File) ([]manifest.Object, error) {
	t.Helper()
	out, err := kustomize(base, overlay)
	if err != nil {
		return nil, err
	}
	return objects(t, string(out)), nil
}

func kustomize(base, overlay []File) ([]byte, error) {
	fs := filesys.MakeFsInMemory()
	for dir, files := range map[string][]File{"/t/base": base, "/t/overlays/us-east": overlay} {
		for _, f := range files {
			if err := fs.WriteFile(path.Join(dir, f.Path), f.Data); err != nil {
				return nil, err
			}
		}
	}
	options := krusty.MakeDefaultOptions()
	options.Reorder = krusty.ReorderOptionUnspecified // sortOptions of the file decide, as on the command line
	m, err := krusty.MakeKustomizer(options).Run(fs, "/t/overlays/us-east")
	if err != nil {
		return nil, err
	}
	return m.AsYaml()
}

// check makes the overlay from base to final and holds what Kustomize builds of
// it to final, object by object and in order.
func check(t testing.TB, base, final []Item, common Common) []File {
	t.Helper()
	baseFiles, err := Base(base)
	if err != nil {
		t.Fatal(err)
	}
	files, err := Overlay("../../base", base, final, common)
	if err != nil {
		t.Fatal(err)
	}
	got, err := build(t, baseFiles, files)
	if err != nil {
		t.Fatalf("kustomize: %v\n%s", err, printed(files))
	}
	want := Built(base, final)
	if len(got) != len(want) {
		t.Fatalf("kustomize built %d objects, want %d\n%s", len(got), len(want), printed(files))
	}
	for i, item := range want {
		if got[i].ID != item.Object.ID {
			t.Fatalf("object %d is %s, want %s", i, got[i].ID, item.Object.ID)
		}
		if !manifest.Equal(got[i].Root, item.Object.Root) {
			var changes strings.Builder
			for _, c := range manifest.Diff(item.Object.Root, got[i].Root) {
				fmt.Fprintf(&changes, "%s: want %q, got %q\n", c.Path, c.Old.AppendYAML(nil), c.New.AppendYAML(nil))
			}
			t.Fatalf("%s is not what it must be:\n%s\n%s", item.Object.ID, changes.String(), printed(files))
		}
	}
	return files
}

func printed(files []File) string {
	var b strings.Builder
	for _, f := range files {
		fmt.Fprintf(&b, "-- %s --\n%s", f.Path, f.Data)
	}
	return b.String()
}
