package check

import (
	"context"
	"errors"
	"io/fs"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/finding"
	"github.com/mlfleet/mlfleet/preview/hub"
	"github.com/mlfleet/mlfleet/preview/render"
)

// Fleet is what is checked.
type Fleet struct {
	Tree         *argotree.Tree
	Applications []expand.Application
	Hub          *hub.Hub
	// FS is the fleet's root, for the Applications' paths.
	FS fs.FS
	// Build makes the objects of every path, and checks them. Without it a path must
	// only exist.
	Build bool
}

// Run makes all checks. The findings are about the tree; the error is the context's.
func (f *Fleet) Run(ctx context.Context) ([]finding.Finding, error) {
	found := slices.Concat(unread(f.Tree, f.Applications), projects(f.Tree), sets(f.Tree), names(f.Tree, f.Applications), sizes(f.Tree, f.Applications))
	each := make([][]finding.Finding, len(f.Applications))
	held := make([]holding, len(f.Applications))
	permitted := newPermissions(f.Tree, f.Hub)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, app := range f.Applications {
		work.Go(func() error {
			var own []finding.Finding
			held[i], own = f.application(ctx, app, permitted)
			each[i] = slices.Concat(made(app), steps(app), own)
			return ctx.Err()
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found, slices.Concat(each...), shared(held)), nil
}

// application checks where an Application is from and goes to, and its objects, which
// it gives.
func (f *Fleet) application(ctx context.Context, app expand.Application, permitted permissions) (holding, []finding.Finding) {
	project, place, found := permitted.application(ctx, app)
	if other := otherSource(app); other != nil {
		return holding{}, append(found, *other)
	}
	objects, err := f.objects(ctx, app)
	if _, missing := errors.AsType[*render.MissingError](err); missing {
		return holding{}, append(found, app.Find(finding.PathMissing, err.Error(), "run 'mlfleet generate', or remove the Application"))
	}
	if err != nil {
		return holding{}, append(found, app.Find(finding.PathBroken, "path "+app.Spec.Source.Path+" does not build: "+err.Error(), "run 'mlfleet generate'"))
	}
	found = slices.Concat(found, size(app, objects), objectSizes(app, objects))
	if project == nil || place == nil {
		return holding{}, found
	}
	return holding{app, place, objects}, append(found, permitted.objects(app, project, place, objects)...)
}

// otherSource is the finding about an Application whose objects Argo CD takes from
// elsewhere than spec.source, which is all that a preview builds; nil for one that has
// just that. Argo CD prefers the others (ApplicationSpec.GetSource).
func otherSource(app expand.Application) *finding.Finding {
	field, message := "spec", "it has no spec.source, and so nothing to sync"
	switch {
	case app.Spec.SourceHydrator != nil:
		field, message = "spec.sourceHydrator", "Argo CD takes spec.sourceHydrator before any other source, and a preview builds spec.source only"
	case len(app.Spec.Sources) > 0:
		field, message = "spec.sources", "Argo CD takes spec.sources before spec.source, and a preview builds the latter only"
	case app.Spec.Source != nil:
		return nil
	}
	found := app.FindAt(field, finding.OtherSource, message, "give it spec.source with a path, and no other")
	return &found
}

func (f *Fleet) objects(ctx context.Context, app expand.Application) ([]render.Object, error) {
	if f.Build {
		return render.Objects(ctx, f.FS, *app.Spec.Source)
	}
	_, err := render.Check(f.FS, *app.Spec.Source)
	return nil, err
}
