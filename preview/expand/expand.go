package expand

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/argoproj/argo-cd/v2/applicationset/controllers/template"
	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v2/util/argo"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/finding"
)

// Result is what the sets of a tree expand to.
type Result struct {
	// Applications are sorted by name, those that stand in the tree itself among them.
	Applications []Application
	// Failed are the sets that the engine fails on. The controller then changes nothing
	// of theirs.
	Failed   []*argotree.Set
	Findings []finding.Finding
}

// Tree expands all sets, on all processors. Its error is the context's.
func Tree(ctx context.Context, t *argotree.Tree) (*Result, error) {
	made := make([][]Application, len(t.Sets))
	failed := make([]error, len(t.Sets))
	found := make([][]finding.Finding, len(t.Sets))
	e := newExpander()
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range t.Sets {
		work.Go(func() error {
			made[i], found[i], failed[i] = e.expand(&t.Sets[i])
			return ctx.Err()
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	r := &Result{Applications: slices.Concat(made...), Findings: slices.Concat(found...)}
	for i, err := range failed {
		if set := &t.Sets[i]; err != nil {
			r.Failed = append(r.Failed, set)
			r.Findings = append(r.Findings, set.Find(finding.NotExpanded,
				fmt.Sprintf("Argo CD cannot expand ApplicationSet %s: %v", set.Name, err),
				"mend the set; until then the hub keeps its Applications as they are"))
		}
	}
	for _, a := range t.Applications {
		app := a.DeepCopy()
		app.Spec = *argo.NormalizeApplicationSpec(&app.Spec)
		r.Applications = append(r.Applications, Application{Application: app, document: a.Document})
	}
	slices.SortStableFunc(r.Applications, func(a, b Application) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.SetName(), b.SetName()))
	})
	return r, nil
}

type expander struct {
	generators map[string]generators.Generator
	log        *logrus.Entry
}

func newExpander() expander {
	quiet := logrus.New()
	quiet.SetOutput(io.Discard) // what the engine logs, it also returns
	return expander{engine(), logrus.NewEntry(quiet)}
}

// expand makes the Applications of one set. The engine may panic on a set that nobody
// thought of; the controller recovers, and so does this.
func (e expander) expand(set *argotree.Set) (out []Application, found []finding.Finding, err error) {
	defer func() {
		if value := recover(); value != nil {
			out, found, err = nil, nil, fmt.Errorf("its engine panicked: %v", value)
		}
	}()
	if err := utils.CheckInvalidGenerators(set.ApplicationSet); err != nil {
		return nil, nil, err
	}
	var r renderer
	apps, _, err := template.GenerateApplications(e.log, *set.ApplicationSet, e.generators, &r, nil)
	if err != nil {
		return nil, nil, err
	}
	for _, app := range apps {
		app.TypeMeta = typeMeta
		app.Spec = *argo.NormalizeApplicationSpec(&app.Spec)
		out = append(out, Application{
			Application: &app,
			Set:         set,
			Matched:     matched(set.ApplicationSet, app.Labels),
			document:    set.Document,
		})
	}
	return out, patched(set, r.patches), nil
}

// typeMeta is what the types of Argo CD leave to their reader.
var typeMeta = metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "Application"}
