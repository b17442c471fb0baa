package argocd

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// matches says whether a step selects labels, as Argo CD decides it: NotIn also
// selects what lacks the label.
func (s Step) matches(labels map[string]string) bool {
	for _, e := range s.MatchExpressions {
		value, ok := labels[e.Key]
		in := ok && slices.Contains(e.Values, value)
		if (e.Operator == "In") != in {
			return false
		}
	}
	return true
}

// steps are the names of the Applications of a set by the step that they are in, and
// fails where one is in none or in several.
func steps(t *testing.T, s *ApplicationSet) [][]string {
	t.Helper()
	out := make([][]string, len(s.Spec.Strategy.RollingSync.Steps))
	for _, a := range expand(t, s) {
		in := 0
		for i, step := range s.Spec.Strategy.RollingSync.Steps {
			if step.matches(a.Metadata.Labels) {
				out[i] = append(out[i], a.Metadata.Name)
				in++
			}
		}
		if in != 1 {
			t.Errorf("%s is in %d steps", a.Metadata.Name, in)
		}
	}
	return out
}

func TestRollingSyncBeginsInOneRegion(t *testing.T) {
	for _, test := range []struct {
		name    string
		regions []string
		canary  string
		rest    int
	}{
		{"in the canary region", everywhere, "acme.models.eu-west-production", 3},
		{"only in the canary region", []string{"eu-west"}, "acme.models.eu-west-production", 0},
		{"not in the canary region", []string{"us-west", "us-east"}, "acme.models.us-east-production", 1},
		{"in one other region", []string{"us-west"}, "acme.models.us-west-production", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := testFleet()
			in(f, "acme", test.regions...)
			s := applicationSetNamed(t, f, "acme.models.production")
			if s.Spec.Strategy == nil || s.Spec.Strategy.Type != "RollingSync" {
				t.Fatalf("strategy is %+v", s.Spec.Strategy)
			}
			got := steps(t, s)
			if len(got) != 2 || !slices.Equal(got[0], []string{test.canary}) || len(got[1]) != test.rest {
				t.Errorf("steps are %v, want %s and then %d others", got, test.canary, test.rest)
			}
		})
	}
}

// A label that went missing must not leave an Application without a step.
func TestRollingSyncTakesWhateverComes(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	last := applicationSetNamed(t, f, "acme.models.production").Spec.Strategy.RollingSync.Steps[1]
	if !last.matches(nil) || !last.matches(map[string]string{"mlfleet.dev/region": "new"}) {
		t.Error("an Application of an unknown region would never sync")
	}
}

func TestMaxUpdateBoundsTheSecondStep(t *testing.T) {
	for text, want := range map[string]*intstr.IntOrString{
		"50%": {Type: intstr.String, StrVal: "50%"},
		"2":   {Type: intstr.Int, IntVal: 2},
		"":    nil,
	} {
		f := testFleet()
		f.Environment(production).Spec.Rollout.MaxUpdate = text
		in(f, "acme", everywhere...)
		steps := applicationSetNamed(t, f, "acme.models.production").Spec.Strategy.RollingSync.Steps
		if steps[0].MaxUpdate != nil {
			t.Errorf("the canary step is bounded to %v", steps[0].MaxUpdate)
		}
		got := steps[1].MaxUpdate
		if (got == nil) != (want == nil) || got != nil && *got != *want {
			t.Errorf("maxUpdate of %q is %#v, want %#v", text, got, want)
		}
	}
}

func TestOnlyRollingModelsAreInSteps(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	for _, s := range values[*ApplicationSet](all(f)) {
		if want := s.Metadata.Name == "acme.models.production"; (s.Spec.Strategy != nil) != want {
			t.Errorf("%s has a strategy: %v, want %v", s.Metadata.Name, s.Spec.Strategy != nil, want)
		}
	}
	f.Environment(production).Spec.Rollout = fleet.Rollout{Strategy: fleet.AllAtOnce}
	if s := applicationSetNamed(t, f, "acme.models.production"); s.Spec.Strategy != nil || !s.Spec.Template.Spec.SyncPolicy.Automated.SelfHeal {
		t.Error("all-at-once has steps, or does not heal")
	}
}
