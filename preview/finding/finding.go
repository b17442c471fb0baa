// Package finding is what preview says about a tree that Argo CD would not take, or
// would take otherwise than its author thinks. It imports nothing of ours, so that
// every step can speak of findings.
package finding

import (
	"cmp"
	"fmt"
	"slices"
)

// Kind names the rule that a finding is about.
type Kind string

// The kinds of findings. docs/operations.md says what to do about each.
const (
	Unreadable   Kind = "unreadable"    // a link to nowhere or out, or too large a file
	Malformed    Kind = "malformed"     // no YAML, or a value of the wrong type
	UnknownField Kind = "unknown-field" // Argo CD's type has no such field
	ForeignKind  Kind = "foreign-kind"  // an object that does not belong in golden/argocd
	Unread       Kind = "unread"        // no root reads the file

	BadProject  Kind = "bad-project"  // Argo CD's own validation refuses the project
	BadSet      Kind = "bad-set"      // the API server would refuse a value, or Argo CD pass over it
	NotExpanded Kind = "not-expanded" // Argo CD's engine fails on the ApplicationSet
	NameClash   Kind = "name-clash"   // two objects of one name; the second undoes the first
	BadMetadata Kind = "bad-metadata" // the API server would refuse the name or a label

	NoProject            Kind = "no-project"
	SourceNotPermitted   Kind = "source-not-permitted"
	UnknownCluster       Kind = "unknown-cluster"
	DestinationForbidden Kind = "destination-not-permitted"
	KindNotPermitted     Kind = "kind-not-permitted"
	NamespaceForbidden   Kind = "namespace-not-permitted"

	OtherSource  Kind = "other-source" // Argo CD takes another source than spec.source
	PathMissing  Kind = "path-missing"
	PathBroken   Kind = "path-broken"
	SharedObject Kind = "shared-object" // two Applications of one cluster hold it
	NoStep       Kind = "no-step"       // a RollingSync never syncs it
	SeveralSteps Kind = "several-steps" // a RollingSync takes the first, with a warning
	TooLarge     Kind = "too-large"     // near the size that etcd refuses
)

// Finding is one thing that is wrong, where it is, and how to mend it.
type Finding struct {
	Kind Kind `json:"kind"`
	// File is slash-separated, from the fleet's root; with "REV:" in front in a note
	// about the revision that was compared with. Line and Column count from 1; 0 is
	// the file as a whole.
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	// Application is the name of the Application that it is about, if it is about one.
	Application string `json:"application,omitempty"`
	Message     string `json:"message"`
	Fix         string `json:"fix,omitempty"`
}

// Place is "file:line:column", or what of it is known.
func (f Finding) Place() string {
	switch {
	case f.Line == 0:
		return f.File
	case f.Column == 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

// String is the finding on one line, as compilers print theirs.
func (f Finding) String() string {
	s := f.Place() + ": "
	if f.Application != "" {
		s += f.Application + ": "
	}
	s += f.Message
	if f.Fix != "" {
		s += " — " + f.Fix
	}
	return s + " [" + string(f.Kind) + "]"
}

// Sort orders findings by place, then by what they say.
func Sort(findings []Finding) {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Application, b.Application), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Message, b.Message),
		)
	})
}
