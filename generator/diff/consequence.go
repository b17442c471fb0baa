package diff

import (
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/manifest"
)

// ConsequenceKind is what a Consequence is, for programs.
type ConsequenceKind string

// The kinds of consequences.
const (
	// Restart: the Deployment replaces its pods, in its own rolling way.
	Restart ConsequenceKind = "restart"
	// Recreate: Kubernetes refuses the update; somebody must delete the object first.
	Recreate ConsequenceKind = "recreate"
	// Stop: the pods of a removed Deployment end.
	Stop ConsequenceKind = "stop"
	// DeletesNamespace: everything in a removed Namespace goes with it.
	DeletesNamespace ConsequenceKind = "deletes-namespace"
	// Stays: Argo CD leaves in place what is no longer generated.
	Stays ConsequenceKind = "stays"
)

// Consequence is something that is certain to follow from a change, and that its
// fields do not say by themselves.
type Consequence struct {
	Kind ConsequenceKind `json:"kind"`
	// Text says it to a person, in lower case and without a full stop.
	Text string `json:"text"`
}

func kinds(consequences []Consequence) []ConsequenceKind {
	var out []ConsequenceKind
	for _, c := range consequences {
		if !slices.Contains(out, c.Kind) {
			out = append(out, c.Kind)
		}
	}
	return out
}

// immutable are the fields that Kubernetes' validation refuses to change (the
// Validate…Update functions of pkg/apis in Kubernetes 1.36), of the kinds that the
// fleet generates.
var immutable = map[string][][]string{
	"Deployment":         {{"spec", "selector"}},
	"PriorityClass":      {{"value"}, {"preemptionPolicy"}},
	"RoleBinding":        {{"roleRef"}},
	"ClusterRoleBinding": {{"roleRef"}},
	"Service":            {{"spec", "clusterIP"}},
	"ResourceQuota":      {{"spec", "scopes"}},
}

// consequences are those of a change of an object at a place. gone says that its
// whole file went, not only the object.
func consequences(action Action, at where, gone bool, old, new manifest.Object) []Consequence {
	switch {
	case action == Removed && gone:
		return ofLoss(at, old)
	case action == Removed:
		return ofPruning(old)
	case action == Changed:
		return ofUpdate(old, new)
	}
	return nil
}

// ofLoss is what follows when an object goes together with all others of its
// Application. Argo CD then deletes nothing: the Application's folder is gone, which
// is an error to it, and the roots do not prune what stands in argocd/.
func ofLoss(at where, old manifest.Object) []Consequence {
	switch {
	case at.component == ArgoCD:
		return one(Stays, "stays in Argo CD until it is deleted by hand")
	case old.Kind == "Namespace":
		return one(Stays, "stays with everything in it until it is deleted by hand")
	case old.Kind == "Deployment":
		return one(Stays, "keeps running until it is deleted by hand")
	}
	return nil
}

// ofPruning is what follows when Argo CD deletes an object because its Application
// no longer has it.
func ofPruning(old manifest.Object) []Consequence {
	switch {
	case old.Kind == "Deployment":
		return one(Stop, "its pods stop")
	case old.Kind == "Namespace" && asksFirst(old):
		return one(DeletesNamespace, "once somebody confirms, everything in it is deleted")
	case old.Kind == "Namespace":
		return one(DeletesNamespace, "everything in it is deleted")
	}
	return nil
}

func ofUpdate(old, new manifest.Object) []Consequence {
	var out []Consequence
	if old.Kind == "Deployment" && differ(old, new, "spec", "template") {
		out = one(Restart, "pods restart")
	}
	if group(old) != group(new) {
		out = append(out, one(Recreate, "another API group: to Kubernetes this is a new object")...)
	}
	for _, path := range immutable[old.Kind] {
		// What is left out keeps its value, or is one default or other.
		if new.Root.Get(path...).Exists() && differ(old, new, path...) {
			out = append(out, one(Recreate, strings.Join(path, ".")+" cannot be changed: the object must be deleted and made again")...)
		}
	}
	if old.Kind == "ApplicationSet" {
		for _, name := range abandoned(old, new) {
			out = append(out, one(Stays, "Argo CD keeps the Application "+name+" and what it deployed: delete it by hand")...)
		}
	}
	return out
}

// group is the API group of an object, empty for the core one.
func group(o manifest.Object) string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

func one(kind ConsequenceKind, text string) []Consequence { return []Consequence{{kind, text}} }

func differ(old, new manifest.Object, path ...string) bool {
	return !manifest.Equal(old.Root.Get(path...), new.Root.Get(path...))
}

// asksFirst reports whether Argo CD asks a person before it deletes the object
// (its sync option Prune=confirm).
func asksFirst(o manifest.Object) bool {
	options := o.Root.Get("metadata", "annotations", "argocd.argoproj.io/sync-options").Text()
	return slices.Contains(strings.Split(options, ","), "Prune=confirm")
}

// abandoned are the Applications that a set no longer lists, and under its policy
// does not delete.
func abandoned(old, new manifest.Object) []string {
	switch new.Root.Get("spec", "syncPolicy", "applicationsSync").Text() {
	case "create-update", "create-only":
	default:
		return nil
	}
	listed := applications(new)
	return slices.DeleteFunc(applications(old), func(name string) bool { return slices.Contains(listed, name) })
}

// applications are the names in the list generators of a set.
func applications(set manifest.Object) []string {
	var names []string
	for _, generator := range set.Root.Get("spec", "generators").Fields() {
		for _, element := range generator.Value.Get("list", "elements").Fields() {
			if name := element.Value.Get("name").Text(); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}
