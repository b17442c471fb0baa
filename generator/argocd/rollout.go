package argocd

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// strategy is how a set rolls a change out over its elements; nil = all at once. Its two
// steps part the Applications by region: one that matches the first does not match
// the second, and there is no third way. A step without Applications holds nothing up.
func strategy(r fleet.Rollout, elements []Element) *Strategy {
	if r.Strategy != fleet.RollingSync {
		return nil
	}
	canary := []string{canaryRegion(r, elements)}
	return &Strategy{
		Type: "RollingSync",
		RollingSync: RollingSync{Steps: []Step{
			{MatchExpressions: []MatchExpression{{object.LabelRegion, "In", canary}}},
			{
				MatchExpressions: []MatchExpression{{object.LabelRegion, "NotIn", canary}},
				MaxUpdate:        maxUpdate(r),
			},
		}},
	}
}

// canaryRegion is the environment's canary region or, where the set has no Application
// in it, the first of the set's regions by name: no change goes everywhere at once.
func canaryRegion(r fleet.Rollout, elements []Element) string {
	var regions []string
	for _, e := range elements {
		regions = append(regions, e.Region)
	}
	if len(regions) == 0 || slices.Contains(regions, r.CanaryRegion) {
		return r.CanaryRegion
	}
	return slices.Min(regions)
}

// maxUpdate is "50%" as a string and "2" as a number, as Argo CD wants them.
func maxUpdate(r fleet.Rollout) *intstr.IntOrString {
	if r.MaxUpdate == "" {
		return nil
	}
	v := intstr.Parse(r.MaxUpdate)
	return &v
}
