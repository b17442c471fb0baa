package workloadtest

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Identities are "file kind name" of objects, in their order.
func Identities(t testing.TB, objects []object.Object) []string {
	t.Helper()
	var out []string
	for _, o := range objects {
		out = append(out, fmt.Sprintf("%s %s %s", o.File, KindOf(t, o), MetaOf(t, o).GetName()))
	}
	return out
}

// KindOf is an object's kind.
func KindOf(t testing.TB, o object.Object) string {
	t.Helper()
	kind, _ := AsMap(t, o.Value)["kind"].(string)
	if kind == "" {
		t.Fatalf("%T in %s has no TypeMeta", o.Value, o.File)
	}
	return kind
}

// MetaOf is an object's metadata.
func MetaOf(t testing.TB, o object.Object) metav1.Object {
	t.Helper()
	m, err := meta.Accessor(o.Value)
	if err != nil {
		t.Fatalf("%T in %s: %v", o.Value, o.File, err)
	}
	return m
}

// Find returns the object of type T and that name.
func Find[T any](t testing.TB, objects []object.Object, name string) T {
	t.Helper()
	for _, o := range objects {
		if v, ok := o.Value.(T); ok && MetaOf(t, o).GetName() == name {
			return v
		}
	}
	var zero T
	t.Fatalf("no %T named %q among %v", zero, name, Identities(t, objects))
	return zero
}

// AsMap is what a reader of the manifests sees of an object.
func AsMap(t testing.TB, value any) map[string]any {
	t.Helper()
	data, err := json.Marshal(value)
	if err != nil {
		t.Fatalf("encoding %T: %v", value, err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatalf("decoding %T: %v", value, err)
	}
	return m
}

// EachPlacement runs a test in both of the fixture's clusters and in its Base.
func EachPlacement(t *testing.T, test func(t *testing.T, p *fleet.Placement)) {
	t.Helper()
	f, irsa, podIdentity := Fixture(t)
	t.Run("base", func(t *testing.T) { test(t, f.Tenants[0].Base) })
	t.Run(irsa.Cluster.Name, func(t *testing.T) { test(t, irsa) })
	t.Run(podIdentity.Cluster.Name, func(t *testing.T) { test(t, podIdentity) })
}
