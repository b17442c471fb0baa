package world

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mlfleet/mlfleet/e2e/argocd"
)

// Live finds the live object that a manifest describes.
func (c *Cluster) Live(ctx context.Context, manifest *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	kind := manifest.GroupVersionKind()
	resource := kind.GroupVersion().WithResource(plural(kind.Kind))
	live, err := c.resource(resource, manifest.GetNamespace()).Get(ctx, manifest.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("looking for %s %s in %s: %w", kind.Kind, manifest.GetName(), c.Name, err)
	}
	return live, nil
}

// resource is the client of a resource, in a namespace if there is one.
func (c *Cluster) resource(r schema.GroupVersionResource, namespace string) interface {
	Get(ctx context.Context, name string, options metav1.GetOptions, subresources ...string) (*unstructured.Unstructured, error)
} {
	if namespace == "" {
		return c.Dynamic.Resource(r)
	}
	return c.Dynamic.Resource(r).Namespace(namespace)
}

// UIDs are the identities of live objects, by "cluster/Kind/namespace/name". An
// object that was deleted and made again has another one.
type UIDs map[string]types.UID

// Identities are those of all live objects that golden/ describes, and of the hub's
// Applications, ApplicationSets and AppProjects, whose cluster is called hub.
func (w *World) Identities(ctx context.Context) (UIDs, error) {
	described, err := w.Described("")
	if err != nil {
		return nil, err
	}
	for _, c := range w.Clusters {
		platform, err := w.Manifests(c.Name, "platform", "")
		if err != nil {
			return nil, err
		}
		described[c] = append(described[c], platform...)
	}
	u, err := Identify(ctx, described)
	if err != nil {
		return nil, err
	}
	for _, kind := range []schema.GroupVersionResource{argocd.Applications, argocd.ApplicationSets, argocd.AppProjects} {
		list, err := w.Argo.Resource(kind).List(ctx, metav1.ListOptions{})
		if err != nil {
			return nil, fmt.Errorf("listing the hub's %s: %w", kind.Resource, err)
		}
		for _, o := range list.Items {
			u[fmt.Sprintf("hub/%s/%s", o.GetKind(), o.GetName())] = o.GetUID()
		}
	}
	return u, nil
}

// Described are the manifests that golden/ has for each cluster: of all tenants, or of
// one where a name is given.
func (w *World) Described(only string) (map[*Cluster][]*unstructured.Unstructured, error) {
	all := map[*Cluster][]*unstructured.Unstructured{}
	for _, c := range w.Clusters {
		tenants, err := w.Tenants(c.Name)
		if err != nil {
			return nil, err
		}
		for _, t := range tenants {
			if only != "" && t.Name != only {
				continue
			}
			for _, component := range []string{"guardrails", "models"} {
				manifests, err := w.Manifests(c.Name, t.Name, component)
				if err != nil {
					return nil, err
				}
				all[c] = append(all[c], manifests...)
			}
		}
	}
	return all, nil
}

// Identify looks up the live objects that manifests describe.
func Identify(ctx context.Context, described map[*Cluster][]*unstructured.Unstructured) (UIDs, error) {
	u := UIDs{}
	for c, manifests := range described {
		for _, m := range manifests {
			live, err := c.Live(ctx, m)
			if err != nil {
				return nil, err
			}
			u[fmt.Sprintf("%s/%s/%s/%s", c.Name, m.GetKind(), m.GetNamespace(), m.GetName())] = live.GetUID()
		}
	}
	return u, nil
}

// Differ says how identities differ from what they were.
func (u UIDs) Differ(before UIDs) error {
	for name, uid := range before {
		if u[name] != uid {
			return fmt.Errorf("%s was %s and is %q", name, uid, u[name])
		}
	}
	return nil
}
