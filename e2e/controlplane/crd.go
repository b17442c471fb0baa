package controlplane

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mlfleet/mlfleet/e2e/waiting"
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// Define creates CustomResourceDefinitions and waits until the API server serves
// their kinds.
func (c *Cluster) Define(ctx context.Context, crds []*unstructured.Unstructured) error {
	for _, crd := range crds {
		// Applied by the server: the annotation of a client's apply has no room for
		// Argo CD's large definitions.
		_, err := c.Dynamic.Resource(definitions).Apply(ctx, crd.GetName(), crd, metav1.ApplyOptions{FieldManager: "e2e", Force: true})
		if err != nil {
			return fmt.Errorf("defining %s in cluster %s: %w", crd.GetName(), c.Name, err)
		}
	}
	for _, crd := range crds {
		err := waiting.Until(ctx, "the definition of "+crd.GetName()+" in cluster "+c.Name, func(ctx context.Context) (string, error) {
			live, err := c.Dynamic.Resource(definitions).Get(ctx, crd.GetName(), metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			if !established(live) {
				return "it is not established yet", nil
			}
			return "", nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func established(crd *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return true
		}
	}
	return false
}
