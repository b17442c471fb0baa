package expand

import (
	"errors"
	"time"

	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Version is that of Argo CD's module whose engine this is, as go.mod has it.
const Version = "v2.14.21"

// engine holds Argo CD's generators by the names of their fields, nested as deep as
// Argo CD nests them: a matrix may hold a matrix, which holds no third.
func engine() map[string]generators.Generator {
	terminal := map[string]generators.Generator{"List": generators.NewListGenerator()}
	for field, name := range map[string]string{
		"Clusters":                "clusters",
		"Git":                     "git",
		"SCMProvider":             "scmProvider",
		"ClusterDecisionResource": "clusterDecisionResource",
		"PullRequest":             "pullRequest",
		"Plugin":                  "plugin",
	} {
		terminal[field] = online{name}
	}
	return combined(terminal, combined(terminal, terminal))
}

// combined adds to the terminal generators those that combine others.
func combined(terminal, below map[string]generators.Generator) map[string]generators.Generator {
	out := map[string]generators.Generator{
		"Matrix": generators.NewMatrixGenerator(below),
		"Merge":  generators.NewMergeGenerator(below),
	}
	for name, g := range terminal {
		out[name] = g
	}
	return out
}

// online is a generator whose outcome depends on more than its set.
type online struct{ name string }

var _ generators.Generator = online{}

// GenerateParams implements [generators.Generator]: it refuses.
func (o online) GenerateParams(*v1alpha1.ApplicationSetGenerator, *v1alpha1.ApplicationSet, client.Client) ([]map[string]any, error) {
	return nil, errors.New("the generator " + o.name + " asks something outside of the ApplicationSet, which a preview cannot know")
}

// GetRequeueAfter implements [generators.Generator].
func (online) GetRequeueAfter(*v1alpha1.ApplicationSetGenerator) time.Duration {
	return generators.NoRequeueAfter
}

// GetTemplate implements [generators.Generator].
func (online) GetTemplate(*v1alpha1.ApplicationSetGenerator) *v1alpha1.ApplicationSetTemplate {
	return &v1alpha1.ApplicationSetTemplate{}
}
