package expand

import (
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// Application is an Application that Argo CD will have.
type Application struct {
	*v1alpha1.Application
	// Set made it; nil for an Application that stands in the tree itself.
	Set *argotree.Set
	// Matched are the RollingSync steps that match it, counted from 1. One is as it
	// should be; nil without RollingSync, and where no step matches.
	Matched []int

	document argotree.Document
}

// Steps is how many steps the RollingSync of its set has; 0 is no RollingSync.
func (a Application) Steps() int {
	if a.Set == nil || !rolling(a.Set.ApplicationSet) {
		return 0
	}
	return len(a.Set.Spec.Strategy.RollingSync.Steps)
}

// Step is the one in which it syncs; 0 is none. Of several that match, Argo CD takes
// the first.
func (a Application) Step() int {
	if len(a.Matched) == 0 {
		return 0
	}
	return a.Matched[0]
}

// SetName is the name of its set, or "".
func (a Application) SetName() string {
	if a.Set == nil {
		return ""
	}
	return a.Set.Name
}

// File is where it, or its set, stands.
func (a Application) File() string { return a.document.File }

// Find is a finding about it, at its list element where its name stands in one.
func (a Application) Find(kind finding.Kind, message, fix string) finding.Finding {
	f := a.document.AtValue(a.document.Find(kind, message, fix), a.Name)
	f.Application = a.Name
	return f
}

// FindAt is a finding about a field of it, such as "spec.sources", which stands in the
// template of its set.
func (a Application) FindAt(path string, kind finding.Kind, message, fix string) finding.Finding {
	if a.Set != nil {
		path = "spec.template." + path
	}
	f := a.document.At(a.document.Find(kind, message, fix), path)
	f.Application = a.Name
	return f
}

// OnHub is the specification as the ApplicationSet controller of Argo CD 2.14 writes
// it: it syncs Applications with RollingSync itself, and so switches off their own
// automated sync.
func (a Application) OnHub() v1alpha1.ApplicationSpec {
	spec := a.Spec
	if a.Steps() > 0 && spec.SyncPolicy != nil && spec.SyncPolicy.Automated != nil {
		policy := *spec.SyncPolicy
		policy.Automated = nil
		spec.SyncPolicy = &policy
	}
	return spec
}
