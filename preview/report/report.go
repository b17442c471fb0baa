// Package report prints what a preview found: for people, for a pull request, for
// programs.
package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/change"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// Report is a preview.
type Report struct {
	Engine         string // whose engine expanded the sets
	Projects, Sets int
	Applications   []expand.Application
	Findings       []finding.Finding
	// Built tells whether the paths were built, and their objects checked.
	Built bool
	// Against is the revision that Changes are from; empty where nothing was compared.
	Against string
	Changes []change.Change
	// Notes are what is wrong with the tree of that revision, of which the change is not
	// guilty; but what they are about is missing on that side of the comparison.
	Notes []finding.Finding
}

// summary is "2 Applications of 1 ApplicationSet and 1 root, 3 AppProjects".
func (r *Report) summary() string {
	roots := 0
	for _, a := range r.Applications {
		if a.Set == nil {
			roots++
		}
	}
	s := fmt.Sprintf("%s: %d of %s, %s; %s (engine of %s)",
		plural(len(r.Applications), "Application"), len(r.Applications)-roots, plural(r.Sets, "ApplicationSet"),
		plural(roots, "root"), plural(r.Projects, "AppProject"), r.Engine)
	if !r.Built {
		s += "; paths were not built, and their objects not checked"
	}
	return s
}

// effects counts the changes: "1 created, 2 altered".
func (r *Report) effects() string {
	if len(r.Changes) == 0 {
		return "no Application changes"
	}
	count := map[change.Effect]int{}
	for _, c := range r.Changes {
		count[c.Effect]++
	}
	var parts []string
	for _, e := range []change.Effect{change.Created, change.Altered, change.Held, change.Orphaned, change.Deleted, change.Refused} {
		if count[e] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[e], e))
		}
	}
	return strings.Join(parts, ", ")
}

// notes is "2 notes about main, where what they are about was not compared".
func (r *Report) notes() string {
	return plural(len(r.Notes), "note") + " about " + r.Against + ": what could not be read there was not compared"
}

// group is the Applications of one set, or the roots.
type group struct {
	set  *argotree.Set
	apps []expand.Application
}

// groups are the sets by name, after the roots; the Applications of each by step.
func (r *Report) groups() []group {
	var out []group
	at := map[*argotree.Set]int{}
	for _, a := range r.Applications {
		i, ok := at[a.Set]
		if !ok {
			i = len(out)
			at[a.Set] = i
			out = append(out, group{set: a.Set})
		}
		out[i].apps = append(out[i].apps, a)
	}
	for _, g := range out {
		slices.SortStableFunc(g.apps, func(a, b expand.Application) int { return cmp.Compare(a.Step(), b.Step()) })
	}
	slices.SortStableFunc(out, func(a, b group) int { return cmp.Compare(a.name(), b.name()) })
	return out
}

func (g group) name() string {
	if g.set == nil {
		return ""
	}
	return g.set.Name
}

// title is the set with its policy: "acme.models.production: create-update, rolling sync
// in 2 steps".
func (g group) title() string {
	if g.set == nil {
		return "in golden/argocd itself"
	}
	s := g.set.Name + ": "
	if p := g.set.Spec.SyncPolicy; p != nil && p.ApplicationsSync != nil {
		s += string(*p.ApplicationsSync)
	} else {
		s += "create, update and delete"
	}
	if n := g.apps[0].Steps(); n > 0 {
		s += ", rolling sync in " + plural(n, "step")
	}
	return s
}

// sync is an Application's sync policy in a few words.
func sync(a expand.Application) string {
	p := a.Spec.SyncPolicy
	var words []string
	switch {
	case a.Steps() > 0:
		words = append(words, "by its set")
	case p == nil || p.Automated == nil:
		return "by hand"
	default:
		words = append(words, "automated")
	}
	if p != nil && p.Automated != nil && p.Automated.Prune {
		words = append(words, "prune")
	}
	if p != nil && p.Automated != nil && p.Automated.SelfHeal && a.Steps() == 0 {
		words = append(words, "self-heal")
	}
	return strings.Join(words, ", ")
}

// destination is "cluster/namespace", with the server where no name is given.
func destination(a expand.Application) string {
	d := a.Spec.Destination
	cluster := cmp.Or(d.Name, d.Server)
	if d.Namespace == "" {
		return cluster
	}
	return cluster + "/" + d.Namespace
}

func path(a expand.Application) string {
	source := a.Spec.GetSource()
	return source.Path
}

func step(a expand.Application) string {
	if a.Step() == 0 {
		return "-"
	}
	return fmt.Sprint(a.Step())
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
