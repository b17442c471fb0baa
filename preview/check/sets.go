package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// policies are the values of syncPolicy.applicationsSync that the CRD lists, which is
// the only field of a set with such a list; a test holds them to Argo CD's CRD.
var policies = []v1alpha1.ApplicationsSyncPolicy{
	v1alpha1.ApplicationsSyncPolicyCreateOnly, v1alpha1.ApplicationsSyncPolicyCreateUpdate,
	v1alpha1.ApplicationsSyncPolicyCreateDelete, v1alpha1.ApplicationsSyncPolicySync,
}

// sets checks the metadata of ApplicationSets, and values that no type refuses.
func sets(t *argotree.Tree) []finding.Finding {
	var found []finding.Finding
	for _, s := range t.Sets {
		bad := func(path, message, fix string) {
			found = append(found, s.At(s.Find(finding.BadSet, message, fix), path))
		}
		found = append(found, metadata(s.Document, &s.ObjectMeta)...)
		if p := s.Spec.SyncPolicy; p != nil && p.ApplicationsSync != nil && !slices.Contains(policies, *p.ApplicationsSync) {
			bad("spec.syncPolicy.applicationsSync", fmt.Sprintf("the API server refuses it: applicationsSync is %q", *p.ApplicationsSync), "use one of "+words(policies))
		}
		if s.Spec.Strategy != nil {
			strategy(s.Spec.Strategy, bad)
		}
	}
	return found
}

func words(policies []v1alpha1.ApplicationsSyncPolicy) string {
	var out []string
	for _, p := range policies {
		out = append(out, string(p))
	}
	return strings.Join(out, ", ")
}

// The strategies that Argo CD knows by name (isRollingSyncStrategy,
// buildAppDependencyList in its controller). Of any other it says nothing.
const (
	allAtOnce   = "AllAtOnce"
	rollingSync = "RollingSync"
)

// strategy looks for steps that Argo CD passes over, or reads otherwise than they are
// meant.
func strategy(s *v1alpha1.ApplicationSetStrategy, bad func(path, message, fix string)) {
	stepped := s.RollingSync != nil && len(s.RollingSync.Steps) > 0
	switch {
	case s.Type == rollingSync && !stepped:
		bad("spec.strategy.type", "it has no steps, and so its Applications sync all at once", "add rollingSync.steps, or leave out strategy")
	case s.Type != rollingSync && stepped:
		bad("spec.strategy.type", fmt.Sprintf("Argo CD passes over the steps, because the type is %q: its Applications sync all at once", s.Type), "write type: "+rollingSync)
	case s.Type != rollingSync && s.Type != allAtOnce && s.Type != "":
		bad("spec.strategy.type", fmt.Sprintf("Argo CD knows no strategy %q: its Applications sync all at once", s.Type), "use "+allAtOnce+" or "+rollingSync)
	}
	if !stepped {
		return
	}
	for i, step := range s.RollingSync.Steps {
		if step.MaxUpdate == nil {
			continue
		}
		path := fmt.Sprintf("spec.strategy.rollingSync.steps[%d].maxUpdate", i)
		const fix = "write a number, or a percentage such as 50%"
		switch n, err := intstr.GetScaledValueFromIntOrPercent(step.MaxUpdate, 100, false); {
		case err != nil: // updateApplicationSetApplicationStatusProgress makes it 0, and then 1
			bad(path, fmt.Sprintf("Argo CD cannot read maxUpdate %q, and updates one Application at a time", step.MaxUpdate.String()), fix)
		case n < 0:
			bad(path, fmt.Sprintf("with maxUpdate %s no Application of the step is ever updated", step.MaxUpdate.String()), fix)
		}
	}
}
