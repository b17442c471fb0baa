package generator_test

import (
	"bytes"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// sampleFleet and sampleTree are the fleet of this repository, loaded and
// rendered once for all tests. Nobody changes them.
var (
	sampleFleet = sync.OnceValues(func() (*fleet.Fleet, error) { return generator.Load(os.DirFS("..")) })
	sampleTree  = sync.OnceValues(func() (tree.Tree, error) {
		f, err := sampleFleet()
		if err != nil {
			return nil, err
		}
		return tree.Collect(generator.Render(f))
	})
)

func sample(t testing.TB) (*fleet.Fleet, tree.Tree) {
	t.Helper()
	f, err := sampleFleet()
	if err != nil {
		t.Fatalf("the sample fleet does not load:\n%v", err)
	}
	files, err := sampleTree()
	if err != nil {
		t.Fatalf("the sample fleet does not render: %v", err)
	}
	return f, files
}

// sampleInputs is a copy of the sample fleet's inputs to edit.
func sampleInputs(t testing.TB) fstest.MapFS { return fleettest.Copy(t, os.DirFS("..")) }

// rendered loads and renders inputs.
func rendered(t testing.TB, inputs fstest.MapFS) tree.Tree {
	t.Helper()
	f, err := generator.Load(inputs)
	if err != nil {
		t.Fatalf("the fleet does not load:\n%v", err)
	}
	files, err := tree.Collect(generator.Render(f))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// object is one object of a generated file, decoded as the API server's clients
// decode it and by none of the generator's own code.
type object map[string]any

func objects(t testing.TB, data []byte) []object {
	t.Helper()
	var out []object
	text := "\n" + strings.TrimSuffix(string(data), "\n")
	for document := range strings.SplitSeq(text, "\n---\n") {
		document += "\n" // which splitting took, and which may be the last of a text
		var o object
		if err := yaml.UnmarshalStrict([]byte(document), &o); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (o object) text(path ...string) string {
	var at any = map[string]any(o)
	for _, part := range path {
		m, _ := at.(map[string]any)
		at = m[part]
	}
	s, _ := at.(string)
	return s
}

// identity is what no two objects of a cluster may share. The version of the
// API is no part of it: two versions of a kind are one object.
func (o object) identity() string {
	group, _, grouped := strings.Cut(o.text("apiVersion"), "/")
	if !grouped {
		group = ""
	}
	return strings.Join([]string{group, o.text("kind"), o.text("metadata", "namespace"), o.text("metadata", "name")}, "|")
}

// below yields the paths of a tree that begin with a prefix, sorted, with the rest of each.
func below(files tree.Tree, prefix string) func(yield func(path, rest string) bool) {
	return func(yield func(path, rest string) bool) {
		for _, path := range slices.Sorted(maps.Keys(files)) {
			if rest, ok := strings.CutPrefix(path, prefix); ok && !yield(path, rest) {
				return
			}
		}
	}
}

// changed lists the paths that differ between two trees, sorted.
func changed(a, b tree.Tree) []string {
	var out []string
	for path, data := range a {
		if other, there := b[path]; !there || !bytes.Equal(data, other) {
			out = append(out, path)
		}
	}
	for path := range b {
		if _, there := a[path]; !there {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}
