package argocd

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Application is what one Argo CD Application syncs, and how.
type Application struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        Metadata        `json:"metadata"`
	Spec            ApplicationSpec `json:"spec"`
}

// ApplicationSpec is the specification of an Application, or of a set's template for it.
type ApplicationSpec struct {
	Project              string      `json:"project"`
	Source               Source      `json:"source"`
	Destination          Destination `json:"destination"`
	SyncPolicy           SyncPolicy  `json:"syncPolicy"`
	RevisionHistoryLimit int64       `json:"revisionHistoryLimit,omitempty"`
}

// Source is a folder of a Git repository. Without Directory Argo CD finds the
// kustomization.yaml in it.
type Source struct {
	RepoURL        string     `json:"repoURL"`
	TargetRevision string     `json:"targetRevision"`
	Path           string     `json:"path"`
	Directory      *Directory `json:"directory,omitempty"`
}

// Directory takes plain manifests from the source: those whose path, relative to it,
// matches the glob.
type Directory struct {
	Recurse bool   `json:"recurse,omitempty"`
	Include string `json:"include,omitempty"`
}

// Destination is a cluster and, where objects are namespaced, a namespace. An
// Application gives the cluster's name, a project its server.
type Destination struct {
	Name      string `json:"name,omitempty"`
	Server    string `json:"server,omitempty"`
	Namespace string `json:"namespace,omitempty"`
}

// SyncPolicy says when and how an Application syncs.
type SyncPolicy struct {
	Automated   Automated `json:"automated"`
	Retry       Retry     `json:"retry"`
	SyncOptions []string  `json:"syncOptions,omitempty"`
}

// Automated makes Argo CD sync a new revision by itself; Prune lets that delete what is
// no longer in Git, SelfHeal lets drift in the cluster start a sync.
type Automated struct {
	Prune    bool `json:"prune,omitempty"`
	SelfHeal bool `json:"selfHeal,omitempty"`
}

// Retry says how often a failed sync is tried again (-1 = without limit) and when.
type Retry struct {
	Limit   int64   `json:"limit"`
	Backoff Backoff `json:"backoff"`
}

// Backoff is the time to the first retry, multiplied by Factor for each further one.
type Backoff struct {
	Duration    string `json:"duration"`
	Factor      int64  `json:"factor"`
	MaxDuration string `json:"maxDuration"`
}

// forever tries a failed sync again after 30 seconds and ever more slowly, but at
// least every ten minutes: what a cluster that was away is behind when it comes back.
func forever() Retry {
	return Retry{Limit: -1, Backoff: Backoff{Duration: "30s", Factor: 2, MaxDuration: "10m"}}
}

// syncOptions hold for every Application of ours.
func syncOptions() []string {
	return []string{
		"ApplyOutOfSyncOnly=true",
		"CreateNamespace=false",
		"PrunePropagationPolicy=background",
		"ServerSideApply=true",
	}
}
