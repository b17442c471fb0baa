package argocd

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// The resources of Argo CD's kinds.
var (
	Applications    = resource("applications")
	ApplicationSets = resource("applicationsets")
	AppProjects     = resource("appprojects")
)

func resource(name string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: name}
}

// Application is what tests look at in an Application of Argo CD's.
type Application struct {
	Metadata metav1.ObjectMeta `json:"metadata"`
	Spec     struct {
		Project     string `json:"project"`
		Destination struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"destination"`
		Source struct {
			Path string `json:"path"`
		} `json:"source"`
	} `json:"spec"`
	Pending *struct{} `json:"operation"` // nil once Argo CD has done what it was told
	Status  struct {
		Sync struct {
			Status   string `json:"status"`
			Revision string `json:"revision"`
		} `json:"sync"`
		Health struct {
			Status             string      `json:"status"`
			LastTransitionTime metav1.Time `json:"lastTransitionTime"`
		} `json:"health"`
		Operation  *Operation  `json:"operationState"`
		Conditions []Condition `json:"conditions"`
		Resources  []Resource  `json:"resources"`
	} `json:"status"`

	Object *unstructured.Unstructured `json:"-"` // all of it
}

// Operation is an Application's last sync.
type Operation struct {
	Phase      string      `json:"phase"`
	Message    string      `json:"message"`
	StartedAt  metav1.Time `json:"startedAt"`
	FinishedAt metav1.Time `json:"finishedAt"`
	Result     struct {
		Revision  string `json:"revision"`
		Resources []struct {
			Kind    string `json:"kind"`
			Name    string `json:"name"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"resources"`
	} `json:"syncResult"`
}

// Condition is something that Argo CD has against an Application.
type Condition struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

// Resource is an object of an Application.
type Resource struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Status    string `json:"status"`
}

// Healthy says whether Argo CD has synced the Application to a revision and its
// objects work.
func (a *Application) Healthy(revision string) bool {
	return a.Status.Sync.Status == "Synced" && a.Status.Sync.Revision == revision && a.Status.Health.Status == "Healthy"
}

// String tells what state an Application is in, in one line.
func (a *Application) String() string {
	s := fmt.Sprintf("%s is %s/%s at %.8s", a.Metadata.Name, a.Status.Sync.Status, a.Status.Health.Status, a.Status.Sync.Revision)
	if o := a.Status.Operation; o != nil {
		s += fmt.Sprintf(", last sync %s: %s", o.Phase, o.Message)
	}
	for _, c := range a.Status.Conditions {
		s += fmt.Sprintf(", %s: %s", c.Type, c.Message)
	}
	if o := a.Status.Operation; o != nil && o.Phase != "Succeeded" {
		for _, r := range o.Result.Resources {
			if r.Status != "Synced" {
				s += fmt.Sprintf(", %s %s: %s", r.Kind, r.Name, r.Message)
			}
		}
	}
	return s
}

// Parse reads an Application.
func Parse(object *unstructured.Unstructured) (*Application, error) {
	content, err := object.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("reading Application %s: %w", object.GetName(), err)
	}
	a := &Application{Object: object}
	if err := json.Unmarshal(content, a); err != nil {
		return nil, fmt.Errorf("reading Application %s: %w", object.GetName(), err)
	}
	return a, nil
}

// Resource is the client of one of Argo CD's kinds.
func (a *ArgoCD) Resource(r schema.GroupVersionResource) dynamic.ResourceInterface {
	return a.hub.Dynamic.Resource(r).Namespace(Namespace)
}

// List gives the Applications that a label selector matches, sorted by name; all of
// them where it is empty.
func (a *ArgoCD) List(ctx context.Context, selector string) ([]*Application, error) {
	list, err := a.Resource(Applications).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("listing Applications: %w", err)
	}
	all := make([]*Application, len(list.Items))
	for i := range list.Items {
		if all[i], err = Parse(&list.Items[i]); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b *Application) int { return strings.Compare(a.Metadata.Name, b.Metadata.Name) })
	return all, nil
}

// Get reads one Application.
func (a *ArgoCD) Get(ctx context.Context, name string) (*Application, error) {
	object, err := a.Resource(Applications).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading Application %s: %w", name, err)
	}
	return Parse(object)
}

// Refresh tells Argo CD to look at Git again for all Applications, as a webhook would
// after a commit.
func (a *ArgoCD) Refresh(ctx context.Context) error {
	all, err := a.List(ctx, "")
	if err != nil {
		return err
	}
	for _, app := range all {
		if err := a.RefreshOne(ctx, app.Metadata.Name); err != nil {
			return err
		}
	}
	return nil
}

// RefreshOne tells Argo CD to compare one Application with Git and the cluster again.
// Argo CD removes the annotation when it has.
func (a *ArgoCD) RefreshOne(ctx context.Context, name string) error {
	patch := []byte(`{"metadata":{"annotations":{"argocd.argoproj.io/refresh":"normal"}}}`)
	if _, err := a.Resource(Applications).Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
		return fmt.Errorf("refreshing Application %s: %w", name, err)
	}
	return nil
}

// Refreshed says whether Argo CD has done what RefreshOne asked.
func (a *Application) Refreshed() bool {
	_, pending := a.Metadata.Annotations["argocd.argoproj.io/refresh"]
	return !pending
}
