package change

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
)

// Effect is what happens to an Application.
type Effect string

// The effects.
const (
	Created  Effect = "created"
	Altered  Effect = "altered"
	Held     Effect = "held"     // would be altered, but its set's policy is not to update
	Orphaned Effect = "orphaned" // nothing makes it any more, and nothing deletes it
	Deleted  Effect = "deleted"
	Refused  Effect = "refused" // would be created, but another set owns the one of that name
)

// Change is what happens to one Application.
type Change struct {
	Effect      Effect `json:"effect"`
	Application string `json:"application"`
	// Set makes it, or made it; empty for an Application that stands in golden/argocd.
	Set string `json:"set,omitempty"`
	// Fields are what differs, of one that is altered or held.
	Fields []Field `json:"fields,omitempty"`
	// Note says why, or what follows.
	Note string `json:"note,omitempty"`
}

// Side is a tree with its Applications.
type Side struct {
	Tree *argotree.Tree
	*expand.Result
}

// Between tells what becomes of the Applications of old when Git holds new. Changes
// are sorted by Application.
func Between(old, new *Side) []Change {
	oldRoots := roots(old.Tree.Applications)
	newRoots := roots(new.Tree.Applications).with(oldRoots)
	c := comparison{
		old: index(old, oldRoots), new: index(new, newRoots),
		sets: map[string]*argotree.Set{}, unread: map[string]*argotree.Set{}, failed: map[string]bool{},
		oldRoots: oldRoots, newRoots: newRoots,
	}
	for i := range new.Tree.Sets {
		set := &new.Tree.Sets[i]
		if newRoots.reaches(set.File) {
			c.sets[setKey(set)] = set
		} else {
			c.unread[setKey(set)] = set
		}
	}
	for _, set := range new.Failed {
		c.failed[setKey(set)] = newRoots.reaches(set.File)
	}
	var out []Change
	for key, app := range c.old {
		out = append(out, c.kept(key, app)...)
	}
	for key, app := range c.new {
		if _, ok := c.old[key]; !ok {
			out = append(out, c.made(key, app))
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(cmp.Compare(a.Application, b.Application), cmp.Compare(a.Set, b.Set), cmp.Compare(a.Effect, b.Effect))
	})
	return out
}

// key names an Application and who makes it.
type key struct{ set, application string }

func setKey(s *argotree.Set) string {
	if s == nil {
		return ""
	}
	return s.Namespace + "/" + s.Name
}

// index holds the Applications that reach the hub.
func index(s *Side, r roots) map[key]expand.Application {
	out := map[key]expand.Application{}
	reaches := map[string]bool{}
	for _, app := range s.Applications {
		file := app.File()
		if _, ok := reaches[file]; !ok {
			reaches[file] = r.reaches(file)
		}
		if app.Set != nil && !reaches[file] {
			continue
		}
		k := key{setKey(app.Set), app.Namespace + "/" + app.Name}
		if _, ok := out[k]; !ok { // of two of one name, Argo CD takes the first
			out[k] = app
		}
	}
	return out
}

type comparison struct {
	old, new map[key]expand.Application
	sets     map[string]*argotree.Set // of new
	unread   map[string]*argotree.Set // of new, in files that no root reads
	failed   map[string]bool

	oldRoots, newRoots roots
}

// kept is what becomes of an Application that the hub has.
func (c *comparison) kept(k key, was expand.Application) []Change {
	now, ok := c.new[k]
	if !ok {
		if c.failed[k.set] {
			return nil
		}
		return []Change{c.gone(k, was)}
	}
	out := change(Altered, was)
	out.Fields = fields(was, now)
	if len(out.Fields) == 0 {
		return nil
	}
	out.Note = consequences(was, now)
	switch {
	case now.Set == nil:
		out.Note = joined(out.Note, c.byHand(now))
	case !policy(now.Set).AllowUpdate():
		out.Effect, out.Note = Held, fmt.Sprintf("applicationsSync of %s is %s", now.SetName(), policy(now.Set))
	}
	return []Change{out}
}

// made is what becomes of an Application that the hub does not have of this set.
func (c *comparison) made(k key, app expand.Application) Change {
	out := change(Created, app)
	if app.Set == nil {
		out.Note = c.byHand(app)
		return out
	}
	for other, was := range c.old {
		if other.application != k.application || other.set == k.set {
			continue
		}
		if _, still := c.new[other]; still || c.gone(other, was).Effect != Deleted {
			out.Effect = Refused
			out.Note = owner(was) + " keeps the Application of that name, and Argo CD gives it to no other"
		}
	}
	return out
}

func owner(app expand.Application) string {
	if app.Set == nil {
		return app.File()
	}
	return "ApplicationSet " + app.SetName()
}

// gone is what becomes of an Application that nothing makes any more.
func (c *comparison) gone(k key, was expand.Application) Change {
	out := change(Orphaned, was)
	set, stays := c.sets[k.set]
	switch {
	case was.Set == nil:
		root := c.left(was.File())
		if root == nil {
			out.Note = "a person applied it, and a person deletes it"
			return out
		}
		if !prunes(root) {
			out.Note = root.Name + " does not prune"
			return out
		}
	case stays && !policy(set).AllowDelete():
		out.Note = fmt.Sprintf("applicationsSync of %s is %s: it stays, and what it runs with it", set.Name, policy(set))
		return out
	case !stays:
		if note := c.setStays(was.Set); note != "" {
			out.Note = note
			return out
		}
	}
	out.Effect, out.Note = Deleted, "what it runs stays"
	if takesAlong(was) {
		out.Note = "with all that it runs: it has the finalizer " + v1alpha1.ResourcesFinalizerName
	}
	return out
}

// setStays says why the Applications of a set that leaves Git stay; "" when they go
// with it. Kubernetes collects what a deleted set owns, unless the set's finalizer
// lets the controller take the owner references off first, which it does where it may
// not delete.
func (c *comparison) setStays(set *argotree.Set) string {
	root := c.left(set.File)
	leaves := "leaves Git"
	if now := c.unread[setKey(set)]; now != nil {
		leaves = "is now in " + now.File + ", which no root reads"
	}
	switch {
	case root == nil:
		return "a person applied " + set.Name + ", and a person deletes it"
	case !prunes(root):
		return fmt.Sprintf("%s %s, but %s does not prune: set and Application stay", set.Name, leaves, root.Name)
	case slices.Contains(set.Finalizers, v1alpha1.ResourcesFinalizerName) && !policy(set).AllowDelete():
		return fmt.Sprintf("%s is deleted and, by its finalizer and its applicationsSync, leaves its Applications", set.Name)
	}
	return ""
}

// byHand says who brings an Application to the hub that stands in golden/argocd.
func (c *comparison) byHand(app expand.Application) string {
	if c.newRoots.reads(app.File()) != nil {
		return ""
	}
	return "a person applies " + app.File()
}

// policy is what a set may do; without a word, everything.
func policy(s *argotree.Set) v1alpha1.ApplicationsSyncPolicy {
	return utils.DefaultPolicy(s.Spec.SyncPolicy, v1alpha1.ApplicationsSyncPolicySync, true)
}

func change(effect Effect, app expand.Application) Change {
	return Change{Effect: effect, Application: app.Name, Set: app.SetName()}
}
