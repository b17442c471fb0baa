package world

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Tenant is what tests need to know of a tenant's inputs.
type Tenant struct {
	Name   string
	Groups []string // its owners
	GPUs   int64    // the most whole GPUs that it may have in a cluster
}

// Namespace is where the tenant lives in every cluster (docs/contract.md).
func (t Tenant) Namespace() string { return "tenant-" + t.Name }

// Tenants are the tenants that a cluster has, by its folder in golden/manifests.
func (w *World) Tenants(cluster string) ([]Tenant, error) {
	entries, err := os.ReadDir(filepath.Join(w.Fleet.Dir, "golden/manifests", cluster))
	if err != nil {
		return nil, fmt.Errorf("listing the tenants of %s: %w", cluster, err)
	}
	var all []Tenant
	for _, e := range entries {
		if e.Name() == "platform" {
			continue
		}
		t, err := w.tenant(e.Name())
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

func (w *World) tenant(name string) (Tenant, error) {
	content, err := os.ReadFile(filepath.Join(w.Fleet.Dir, "tenants", name, "tenant.yaml"))
	if err != nil {
		return Tenant{}, fmt.Errorf("reading tenant %s: %w", name, err)
	}
	var input struct {
		Spec struct {
			Owners []struct{ Group string }
			Quota  struct{ GPUs int64 }
		}
	}
	if err := yaml.Unmarshal(content, &input); err != nil {
		return Tenant{}, fmt.Errorf("reading tenant %s: %w", name, err)
	}
	t := Tenant{Name: name, GPUs: input.Spec.Quota.GPUs}
	for _, owner := range input.Spec.Owners {
		t.Groups = append(t.Groups, owner.Group)
	}
	return t, nil
}

// Manifests are the objects that golden/ says a cluster has for a tenant: of its
// guardrails or of its models; for the tenant "platform", without a component, those of the
// cluster itself.
func (w *World) Manifests(cluster, tenant, component string) ([]*unstructured.Unstructured, error) {
	return ReadObjects(filepath.Join(w.Fleet.Dir, "golden/manifests", cluster, tenant, component, "manifests.yaml"))
}

// Models are the names of a tenant's models in a cluster, sorted.
func (w *World) Models(cluster, tenant string) ([]string, error) {
	objects, err := w.Manifests(cluster, tenant, "models")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			names = append(names, o.GetName())
		}
	}
	slices.Sort(names)
	return names, nil
}
