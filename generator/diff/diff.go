package diff

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
)

// The version and kind of the JSON form of a Diff. Fields may be added to it;
// none changes its meaning within a version.
const (
	APIVersion = "mlfleet.dev/v1alpha1"
	Kind       = "Diff"
)

// Diff is what changes between two trees.
type Diff struct {
	APIVersion string  `json:"apiVersion"` // [APIVersion]
	Kind       string  `json:"kind"`       // [Kind]
	Summary    Summary `json:"summary"`
	// Objects are the Kubernetes objects that differ, one entry for each cluster
	// that has one; sorted by tenant, cluster, component, namespace, name, kind.
	Objects []Object `json:"objects"`
	Files   Files    `json:"files"`
}

// Summary counts a Diff.
type Summary struct {
	Tenants  int `json:"tenants"`  // that an object changes for; the platform is none
	Clusters int `json:"clusters"` // that an object changes in; Argo CD's own objects are in none
	Added    int `json:"added"`    // objects; one that is in four clusters counts four times
	Changed  int `json:"changed"`
	Removed  int `json:"removed"`
	// Consequences counts the objects by the kind of what follows from their change.
	Consequences map[ConsequenceKind]int `json:"consequences,omitempty"`
}

// Action is what happens to an object.
type Action string

// The actions.
const (
	Added   Action = "added"
	Changed Action = "changed"
	Removed Action = "removed"
)

// Component is the part of the fleet that an object belongs to.
type Component string

// The components. ArgoCD is what stands in argocd/, which runs in no cluster of
// the fleet; the others are a tenant's fence, what runs inside it, and what a
// cluster needs once.
const (
	ArgoCD     Component = "argocd"
	Guardrails Component = "guardrails"
	Models     Component = "models"
	Platform   Component = "platform"
)

// Object is one Kubernetes object that differs.
type Object struct {
	Action     Action    `json:"action"`
	Tenant     string    `json:"tenant,omitempty"`  // empty for the platform
	Cluster    string    `json:"cluster,omitempty"` // empty for Argo CD's objects
	Component  Component `json:"component"`
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Namespace  string    `json:"namespace,omitempty"`
	Name       string    `json:"name"`
	// File is where the object stands, relative to the tree's root; where it stood, if it was removed.
	File string `json:"file,omitempty"`
	// MovedFrom is where the object stood before, if it stands elsewhere now.
	MovedFrom string `json:"movedFrom,omitempty"`
	// Fields are what differs in a changed object, in printing order.
	Fields []Field `json:"fields,omitempty"`
	// Consequences are what is certain to follow.
	Consequences []Consequence `json:"consequences,omitempty"`
}

// ID is the object as a reader knows it: "Deployment tenant-acme/sentiment".
func (o Object) ID() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// Field is one difference within an object.
type Field struct {
	// Path is where: "spec.template.spec.containers[server].image". An item of a
	// list is named by its name where all have one, else by its number; a change of
	// the order alone is at a path that ends in "[]".
	Path string `json:"path"`
	// Old and New are the values as JSON; empty where there was or is none, which
	// is not the same as null.
	Old json.RawMessage `json:"old,omitempty"`
	New json.RawMessage `json:"new,omitempty"`
}

// Files are the files that differ without an object that says how. Paths are
// sorted and relative to the tree's root.
type Files struct {
	// Added, Changed and Removed are Kustomize sources.
	Added   []string `json:"added,omitempty"`
	Changed []string `json:"changed,omitempty"`
	Removed []string `json:"removed,omitempty"`
	// Rewritten are files of objects that differ in layout only.
	Rewritten []string `json:"rewritten,omitempty"`
	// Unreadable are old files of objects that cannot be read as such; what differs
	// in them is unknown.
	Unreadable []Unreadable `json:"unreadable,omitempty"`
}

// Unreadable is a file that should hold objects and does not.
type Unreadable struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// Count is the number of files.
func (f Files) Count() int {
	return len(f.Added) + len(f.Changed) + len(f.Removed) + len(f.Rewritten) + len(f.Unreadable)
}

// Empty reports whether the two trees are the same.
func (d *Diff) Empty() bool { return len(d.Objects) == 0 && d.Files.Count() == 0 }

// JSON writes the diff as one JSON document.
func (d *Diff) JSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(d)
}

// finish sorts and counts.
func (d *Diff) finish() {
	d.APIVersion, d.Kind = APIVersion, Kind
	if d.Objects == nil {
		d.Objects = []Object{}
	}
	slices.SortStableFunc(d.Objects, func(a, b Object) int {
		return cmp.Or(
			cmp.Compare(a.Tenant, b.Tenant),
			cmp.Compare(a.Cluster, b.Cluster),
			cmp.Compare(a.Component, b.Component),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(a.Name, b.Name),
			cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.APIVersion, b.APIVersion),
			cmp.Compare(a.File, b.File),
		)
	})
	for _, paths := range [][]string{d.Files.Added, d.Files.Changed, d.Files.Removed, d.Files.Rewritten} {
		slices.Sort(paths)
	}
	slices.SortFunc(d.Files.Unreadable, func(a, b Unreadable) int { return cmp.Compare(a.File, b.File) })
	d.Summary = summary(d.Objects)
}

func summary(objects []Object) Summary {
	var s Summary
	tenants, clusters := map[string]bool{}, map[string]bool{}
	for _, o := range objects {
		if o.Tenant != "" {
			tenants[o.Tenant] = true
		}
		if o.Cluster != "" {
			clusters[o.Cluster] = true
		}
		switch o.Action {
		case Added:
			s.Added++
		case Changed:
			s.Changed++
		case Removed:
			s.Removed++
		}
		for _, kind := range kinds(o.Consequences) {
			if s.Consequences == nil {
				s.Consequences = map[ConsequenceKind]int{}
			}
			s.Consequences[kind]++
		}
	}
	s.Tenants, s.Clusters = len(tenants), len(clusters)
	return s
}
