package argocd

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// AppProject says what its Applications may read, and what they may write where.
type AppProject struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        Metadata       `json:"metadata"`
	Spec            AppProjectSpec `json:"spec"`
}

// AppProjectSpec is the specification of an AppProject.
type AppProjectSpec struct {
	Description                string             `json:"description,omitempty"`
	SourceRepos                []string           `json:"sourceRepos"`
	Destinations               []Destination      `json:"destinations"`
	ClusterResourceWhitelist   []GroupKind        `json:"clusterResourceWhitelist,omitempty"`
	NamespaceResourceWhitelist []GroupKind        `json:"namespaceResourceWhitelist,omitempty"`
	OrphanedResources          *OrphanedResources `json:"orphanedResources,omitempty"`
	Roles                      []Role             `json:"roles,omitempty"`
	SyncWindows                []SyncWindow       `json:"syncWindows,omitempty"`
}

// OrphanedResources makes Argo CD report objects in a project's namespaces that no
// Application put there.
type OrphanedResources struct {
	Warn bool `json:"warn"`
}

// Role gives the groups of people in it the permissions of its policies, which are
// lines of Casbin: "p, proj:<project>:<role>, <resource>, <action>, <project>/<object>, allow".
type Role struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Policies    []string `json:"policies"`
	Groups      []string `json:"groups"`
}

// SyncWindow is a time in which the Applications in Clusters (names, as the
// Applications give them) may, or may not, sync.
type SyncWindow struct {
	Kind       string   `json:"kind"`
	Schedule   string   `json:"schedule"`
	Duration   string   `json:"duration"`
	TimeZone   string   `json:"timeZone,omitempty"`
	Clusters   []string `json:"clusters"`
	ManualSync bool     `json:"manualSync,omitempty"`
}

// appProject is a project with what all our projects have in common: one repository,
// the wave before everything that refers to it, and a finalizer that keeps it
// while Applications do.
func appProject(f *fleet.Fleet, meta Metadata, spec AppProjectSpec) *AppProject {
	if meta.Annotations == nil {
		meta.Annotations = map[string]string{}
	}
	meta.Annotations[annotationSyncWave] = "-1"
	meta.Finalizers = []string{finalizer}
	spec.SourceRepos = []string{f.Spec.Repository.URL}
	return &AppProject{TypeMeta: typeMeta("AppProject"), Metadata: meta, Spec: spec}
}
