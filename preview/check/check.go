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
	found := slices.Concat(projects(f.Tree), names(f.Tree, f.Applications), sizes(f.Tree, f.Applications))
	each := make([][]finding.Finding, len(f.Applications))
	permitted := newPermissions(f.Tree, f.Hub)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, app := range f.Applications {
		work.Go(func() error {
			each[i] = slices.Concat(metadata(app), steps(app), f.application(ctx, app, permitted))
			return ctx.Err()
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(found, slices.Concat(each...)), nil
}

// application checks where an Application is from and goes to, and its objects.
func (f *Fleet) application(ctx context.Context, app expand.Application, permitted permissions) []finding.Finding {
	if app.Spec.Source == nil {
		return []finding.Finding{app.Find(finding.PathBroken, "it has no spec.source, and a preview knows no other kind of source", "give it one source with a path")}
	}
	project, place, found := permitted.application(ctx, app)
	objects, err := f.objects(ctx, app)
	if errors.Is(err, render.ErrMissing) {
		return append(found, app.Find(finding.PathMissing, err.Error(), "run 'mlfleet generate', or remove the Application"))
	}
	if err != nil {
		return append(found, app.Find(finding.PathBroken, "path "+app.Spec.Source.Path+" does not build: "+err.Error(), "run 'mlfleet generate'"))
	}
	if project == nil || place == nil {
		return append(found, size(app, objects)...)
	}
	return slices.Concat(found, permitted.objects(app, project, place, objects), size(app, objects))
}

func (f *Fleet) objects(ctx context.Context, app expand.Application) ([]render.Object, error) {
	if f.Build {
		return render.Objects(ctx, f.FS, *app.Spec.Source)
	}
	_, err := render.Check(f.FS, *app.Spec.Source)
	return nil, err
}
