package argocd

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// ApplicationSet makes one Application from its template for every element of its list.
type ApplicationSet struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        Metadata           `json:"metadata"`
	Spec            ApplicationSetSpec `json:"spec"`
}

// ApplicationSetSpec is the specification of an ApplicationSet.
type ApplicationSetSpec struct {
	GoTemplate        bool          `json:"goTemplate"`
	GoTemplateOptions []string      `json:"goTemplateOptions"`
	Generators        []Generator   `json:"generators"`
	Strategy          *Strategy     `json:"strategy,omitempty"`
	SyncPolicy        SetSyncPolicy `json:"syncPolicy"`
	Template          Template      `json:"template"`
}

// Generator is a list generator, the only kind that we use.
type Generator struct {
	List List `json:"list"`
}

// List holds the elements of a list generator.
type List struct {
	Elements []Element `json:"elements"`
}

// Element is what the template of an Application takes from a cluster, spelled out.
type Element struct {
	Name        string `json:"name"` // of the Application
	Cluster     string `json:"cluster"`
	Region      string `json:"region"`
	Environment string `json:"environment"`
	Destination string `json:"destination"` // the cluster's name in Argo CD
	Path        string `json:"path"`
}

// SetSyncPolicy says what a set may do to the Applications it made.
type SetSyncPolicy struct {
	ApplicationsSync            string `json:"applicationsSync"`
	PreserveResourcesOnDeletion bool   `json:"preserveResourcesOnDeletion"`
}

// Template is an Application whose strings are Go templates over an Element.
type Template struct {
	Metadata Metadata        `json:"metadata"`
	Spec     ApplicationSpec `json:"spec"`
}

// Strategy is the order in which a set's Applications sync.
type Strategy struct {
	Type        string      `json:"type"`
	RollingSync RollingSync `json:"rollingSync"`
}

// RollingSync holds the steps of a rollout: each begins when the one before is healthy.
type RollingSync struct {
	Steps []Step `json:"steps"`
}

// Step is the Applications whose labels match, and how many of them sync at once (nil
// = all).
type Step struct {
	MatchExpressions []MatchExpression   `json:"matchExpressions"`
	MaxUpdate        *intstr.IntOrString `json:"maxUpdate,omitempty"`
}

// MatchExpression compares a label of an Application. Operator is In or NotIn.
type MatchExpression struct {
	Key      string   `json:"key"`
	Operator string   `json:"operator"`
	Values   []string `json:"values"`
}

// set is what one of our ApplicationSets has of its own.
type set struct {
	meta      Metadata
	project   string
	component string
	tenant    *fleet.Tenant // nil for the platform
	elements  []Element
	rollout   fleet.Rollout
}

// applicationSet is the set s with all that our sets have in common.
func applicationSet(f *fleet.Fleet, s set) *ApplicationSet {
	s.meta.Finalizers = []string{finalizer}
	return &ApplicationSet{
		TypeMeta: typeMeta("ApplicationSet"),
		Metadata: s.meta,
		Spec: ApplicationSetSpec{
			GoTemplate:        true,
			GoTemplateOptions: []string{"missingkey=error"},
			Generators:        []Generator{{List: List{Elements: s.elements}}},
			Strategy:          strategy(s.rollout, s.elements),
			SyncPolicy: SetSyncPolicy{
				ApplicationsSync:            "create-update",
				PreserveResourcesOnDeletion: true,
			},
			Template: template(f, s),
		},
	}
}

// template is the Application that a set makes for each element.
func template(f *fleet.Fleet, s set) Template {
	labels := map[string]string{
		LabelComponent:          s.component,
		object.LabelManagedBy:   "mlfleet",
		object.LabelCluster:     "{{.cluster}}",
		object.LabelRegion:      "{{.region}}",
		object.LabelEnvironment: "{{.environment}}",
	}
	destination := Destination{Name: "{{.destination}}"}
	if s.tenant != nil {
		labels[object.LabelTenant] = s.tenant.Name
		destination.Namespace = s.tenant.Namespace()
	}
	return Template{
		Metadata: Metadata{
			Name:   "{{.name}}",
			Labels: labels,
			Annotations: map[string]string{
				// An overlay is made of itself and of the base beside it: only a commit
				// that touches either makes Argo CD render the Application again.
				annotationGeneratePaths: ".;../../base",
				// The API server's own defaulting and webhooks decide what differs.
				annotationCompareOptions: "ServerSideDiff=true",
			},
		},
		Spec: ApplicationSpec{
			Project: s.project,
			Source: Source{
				RepoURL:        literal(f.Spec.Repository.URL),
				TargetRevision: literal(f.Spec.Repository.Revision),
				Path:           "{{.path}}",
			},
			Destination: destination,
			SyncPolicy: SyncPolicy{
				Automated: Automated{Prune: true, SelfHeal: s.rollout.Strategy != fleet.RollingSync},
				Retry:     forever(),
				// Two Applications that write one object undo each other's work for ever;
				// the second is to fail instead.
				SyncOptions: append(syncOptions(), "FailOnSharedResource=true"),
			},
			RevisionHistoryLimit: 3, // Git is the history; each entry is etcd space in every Application
		},
	}
}

// literal is text that a Go template prints as it is.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// element is what the template takes from one cluster.
func element(c *fleet.Cluster, app, path string) Element {
	return Element{
		Name:        app,
		Cluster:     c.Name,
		Region:      c.Region.Name,
		Environment: c.Environment.Name,
		Destination: c.Spec.ArgoCD.Name,
		Path:        path,
	}
}
