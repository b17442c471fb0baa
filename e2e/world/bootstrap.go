package world

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/waiting"
)

// Bootstrap applies golden/argocd/bootstrap.yaml to the hub, the one thing that
// docs/operations.md has a person do by hand. All else follows from it.
func (w *World) Bootstrap(ctx context.Context) error {
	objects, err := ReadObjects(filepath.Join(w.Fleet.Dir, "golden/argocd/bootstrap.yaml"))
	if err != nil {
		return err
	}
	resources := map[string]schema.GroupVersionResource{"AppProject": argocd.AppProjects, "Application": argocd.Applications}
	for _, o := range objects {
		_, err := w.Argo.Resource(resources[o.GetKind()]).Apply(ctx, o.GetName(), o, metav1.ApplyOptions{FieldManager: "e2e", Force: true})
		if err != nil {
			return fmt.Errorf("applying the bootstrap's %s %s: %w", o.GetKind(), o.GetName(), err)
		}
	}
	return nil
}

// ReadObjects reads a file of manifests.
func ReadObjects(file string) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	var all []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(content), 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}

// Elements are the names of the Applications that golden/ lists: the elements of all
// ApplicationSets' generators.
func (w *World) Elements() (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(w.Fleet.Dir, "golden/argocd/*/*.yaml"))
	if err != nil {
		return nil, err
	}
	more, err := filepath.Glob(filepath.Join(w.Fleet.Dir, "golden/argocd/*/*/*/*.yaml"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range append(files, more...) {
		objects, err := ReadObjects(file)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			generators, _, _ := unstructured.NestedSlice(o.Object, "spec", "generators")
			for _, g := range generators {
				elements, _, _ := unstructured.NestedSlice(g.(map[string]any), "list", "elements")
				for _, e := range elements {
					names[e.(map[string]any)["name"].(string)] = true
				}
			}
		}
	}
	return names, nil
}

// Converged waits until every Application that golden/ lists, and the roots, are
// synced to the last commit and healthy.
func (w *World) Converged(ctx context.Context) error {
	names, err := w.Elements()
	if err != nil {
		return err
	}
	return waiting.Until(ctx, "all Applications to be synced and healthy", func(ctx context.Context) (string, error) {
		if what, ended := w.Ended(); ended {
			return "", waiting.Hopeless(errors.New(what))
		}
		return w.missing(ctx, names)
	})
}

// missing says which Applications are not there, not synced or not healthy.
func (w *World) missing(ctx context.Context, names map[string]bool) (string, error) {
	all, err := w.Argo.List(ctx, "")
	if err != nil {
		return "", err
	}
	var lacking []string
	found := 0
	for _, a := range all {
		root := a.Metadata.Labels["mlfleet.dev/component"] == "root"
		if !root && !names[a.Metadata.Name] {
			continue // its element has left golden/
		}
		if !root {
			found++
		}
		if !a.Healthy(w.Revision) {
			lacking = append(lacking, a.String())
		}
	}
	if found < len(names) {
		lacking = append(lacking, fmt.Sprintf("%d of %d Applications are there", found, len(names)))
	}
	if len(lacking) == 0 {
		return "", nil
	}
	return fmt.Sprintf("%d lacking:\n  %s", len(lacking), strings.Join(lacking, "\n  ")), nil
}
