package expand

import (
	"slices"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
)

// rolling tells whether the controller rolls a set's Applications out in steps, as its
// progressiveSyncsRollingSyncStrategyEnabled does.
func rolling(set *v1alpha1.ApplicationSet) bool {
	s := set.Spec.Strategy
	return s != nil && s.Type == "RollingSync" && s.RollingSync != nil && len(s.RollingSync.Steps) > 0
}

// matched are the steps that match an Application, counted from 1. The controller's own
// code for it (buildAppDependencyList) cannot be called from outside; a test holds
// this to the steps that the controller writes into a set's status.
func matched(set *v1alpha1.ApplicationSet, labels map[string]string) []int {
	if !rolling(set) {
		return nil
	}
	var out []int
	for i, step := range set.Spec.Strategy.RollingSync.Steps {
		if selects(step, labels) {
			out = append(out, i+1)
		}
	}
	return out
}

// selects tells whether all expressions of a step match. A label that is not there
// matches everything but In; an operator that Argo CD does not know matches nothing
// that is there.
func selects(step v1alpha1.ApplicationSetRolloutStep, labels map[string]string) bool {
	for _, e := range step.MatchExpressions {
		value, ok := labels[e.Key]
		listed := slices.Contains(e.Values, value)
		switch {
		case !ok && e.Operator == "In",
			ok && e.Operator == "In" && !listed,
			ok && e.Operator == "NotIn" && listed,
			ok && e.Operator != "In" && e.Operator != "NotIn":
			return false
		}
	}
	return true
}
