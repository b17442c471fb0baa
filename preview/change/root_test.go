package change

import "testing"

// A set that no root reads any more leaves the hub as one that left Git does: with the
// root as it is now. One that none has read is not there to be changed.
func TestRootTakesLess(t *testing.T) {
	elsewhere := func(s *Side) *Side {
		s.Tree.Applications[0].Spec.Source.Directory.Include = "elsewhere/**"
		return s
	}
	const a, b = "a=1", "a=2"
	for name, test := range map[string]struct {
		old, new *Side
		want     Change
	}{
		"pruning": {tree(t, false, set("s", "", "", "", a)), elsewhere(tree(t, true, set("s", "", "", "", a))),
			Change{Effect: Deleted, Application: "a", Set: "s", Note: "what it runs stays"}},
		"not pruning": {tree(t, true, set("s", "", "", "", a)), elsewhere(tree(t, false, set("s", "", "", "", a))),
			Change{Effect: Orphaned, Application: "a", Set: "s", Note: "s is now in golden/argocd/sets/0.yaml, which no root reads, but root does not prune: set and Application stay"}},
		"read again": {elsewhere(tree(t, false, set("s", "", "", "", a))), tree(t, false, set("s", "", "", "", b)),
			Change{Effect: Created, Application: "a", Set: "s"}},
		"never read": {elsewhere(tree(t, false, set("s", "", "", "", a))), elsewhere(tree(t, false, set("s", "", "", "", b))), Change{}},
	} {
		var got []Change
		for _, c := range Between(test.old, test.new) {
			if c.Set != "" { // the root changes, too
				got = append(got, c)
			}
		}
		if len(got) == 0 {
			got = []Change{{}}
		}
		if g := got[0]; len(got) != 1 || g.Effect != test.want.Effect || g.Application != test.want.Application || g.Set != test.want.Set || g.Note != test.want.Note {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}
