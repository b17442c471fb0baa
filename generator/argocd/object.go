package argocd

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Object is one Argo CD object and the file it belongs to.
type Object struct {
	// File is relative to golden/argocd: "tenants/00/acme/project.yaml". Objects of
	// one file are documents of it, in the order in which they are given.
	File string
	// Value is an *AppProject, an *ApplicationSet or an *Application.
	Value any
}

// Metadata is what we set of an object's metadata, and of the metadata in a template.
type Metadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace,omitempty"`
	Labels      map[string]string `json:"labels,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Finalizers  []string          `json:"finalizers,omitempty"`
}

// GroupKind names a kind of objects; the core group is "".
type GroupKind struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
}

// LabelComponent is on every Application: which part of a placement it syncs.
const LabelComponent = "mlfleet.dev/component"

// The components, which are also folders of the generated tree.
const (
	ComponentGuardrails = "guardrails"
	ComponentModels     = "models"
	ComponentPlatform   = "platform"
)

const (
	// finalizer keeps a project while Applications use it, and makes Argo CD let go of a
	// set's Applications before the set goes.
	finalizer = "resources-finalizer.argocd.argoproj.io"

	annotationSyncWave       = "argocd.argoproj.io/sync-wave"
	annotationGeneratePaths  = "argocd.argoproj.io/manifest-generate-paths"
	annotationCompareOptions = "argocd.argoproj.io/compare-options"
)

func typeMeta(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: "argoproj.io/v1alpha1", Kind: kind}
}

// metadata is what every object of ours has in Argo CD's own namespace. The tenant is
// nil for the platform's objects.
func metadata(f *fleet.Fleet, name string, t *fleet.Tenant) Metadata {
	labels := map[string]string{
		object.LabelPartOf:    "mlfleet",
		object.LabelManagedBy: "mlfleet",
	}
	if t != nil {
		labels[object.LabelTenant] = t.Name
	}
	return Metadata{Name: name, Namespace: f.Spec.ArgoCD.Namespace, Labels: labels}
}
