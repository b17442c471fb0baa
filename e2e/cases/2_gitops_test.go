package cases

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/fleet"
	"github.com/mlfleet/mlfleet/e2e/waiting"
)

// TestGitOps is case 2: what commits do, and what people do behind Git's back.
func TestGitOps(t *testing.T) {
	row := the.table.begin(t, "2 gitops")
	synced(t)
	t.Run("model", func(t *testing.T) { row.figure("a model's change: %s", modelChange(t)) })
	t.Run("tenant", func(t *testing.T) { row.figure("a new tenant: %s", newTenant(t)) })
	t.Run("drift", func(t *testing.T) { row.figure("%d drifts healed, %d reported", drift(t, true), drift(t, false)) })
	t.Run("removal", func(t *testing.T) { row.figure("a removed tenant: %s", removedTenant(t)) })
}

// change edits inputs, commits, has Argo CD look and waits until it has done what follows.
// It gives the sync operations that took.
func change(ctx context.Context, message string, edit func(*fleet.Repository) error) ([]argocd.Sync, error) {
	return observe(ctx, func() error {
		if err := commit(ctx, message, edit); err != nil {
			return err
		}
		return the.Argo.Refresh(ctx)
	})
}

// commit edits inputs, and commits them with what mlfleet generates from them.
func commit(ctx context.Context, message string, edit func(*fleet.Repository) error) error {
	if err := edit(the.Fleet); err != nil {
		return err
	}
	return the.Commit(ctx, message)
}

// observe does something, waits until Argo CD has done what follows from it, and gives the
// sync operations that took.
func observe(ctx context.Context, do func() error) ([]argocd.Sync, error) {
	recorder, err := the.Argo.Record(ctx)
	if err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		return nil, err
	}
	if err := the.Converged(ctx); err != nil {
		return nil, err
	}
	return recorder.Stop()
}

// modelChange releases a model of acme's, which runs in every cluster. The ApplicationSet
// controller is away until every Application has looked at Git: to it one that has not
// looked yet is done already, and what comes after would show who looked first, not what
// the steps say (docs/operations.md, "From all-at-once to rolling-sync").
func modelChange(t *testing.T) string {
	ctx := testContext(t)
	syncs, err := observe(ctx, func() error {
		the.Argo.ApplicationSetController.Kill()
		err := commit(ctx, "Let acme's ranker take larger batches", func(r *fleet.Repository) error {
			return r.Edit("tenants/acme/models/ranker.yaml", func(d fleet.Document) { d.At("spec", "batching")["maxSize"] = 48 })
		})
		if err == nil {
			err = allLooked(ctx)
		}
		return errors.Join(err, the.Argo.ApplicationSetController.Restart())
	})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, c := range the.Clusters {
		want = append(want, "acme.models."+c.Name)
	}
	if got := argocd.Names(syncs); !slices.Equal(got, want) {
		t.Errorf("Argo CD synced %v, want %v", got, want)
	}
	repeated := len(syncs)
	syncs = slices.DeleteFunc(syncs, func(s argocd.Sync) bool { return !s.Applied() })
	repeated -= len(syncs)
	if len(syncs) != len(want) {
		t.Errorf("Argo CD applied something %d times: %v", len(syncs), syncs)
	}
	inOrder(t, syncs, "production", "us-west")
	return fmt.Sprintf("%d syncs on %d of %d Applications, %d repeated for nothing", len(syncs), len(want), applications(t), repeated)
}

// allLooked has every Application look at the last commit, and waits until it has.
func allLooked(ctx context.Context) error {
	if err := the.Argo.Refresh(ctx); err != nil {
		return err
	}
	return waiting.Until(ctx, "every Application to see the last commit", func(ctx context.Context) (string, error) {
		all, err := the.Argo.List(ctx, "")
		if err != nil {
			return "", err
		}
		for _, a := range all {
			if a.Status.Sync.Revision != the.Revision {
				return a.String(), nil
			}
		}
		return "", nil
	})
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (before, after string) {
	i := strings.LastIndexByte(name, '.')
	return name[:i], name[i+1:]
}

// applications counts the Applications of the fleet.
func applications(t *testing.T) int {
	names, err := the.Elements()
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// newcomer is the tenant that the tests add and remove: as fern, with a name of its own.
const newcomer = "harbor"

// addNewcomer writes its inputs.
func addNewcomer(r *fleet.Repository) error {
	tenant, err := r.Read("tenants/fern/tenant.yaml")
	if err != nil {
		return err
	}
	tenant.At("metadata")["name"] = newcomer
	tenant.At("spec")["displayName"] = "Harbor Ships"
	tenant.At("spec")["owners"] = []any{map[string]any{"group": "harbor-ml", "contact": "ml@harbor.example"}}
	if err := r.Write(filepath.Join("tenants", newcomer, "tenant.yaml"), tenant); err != nil {
		return err
	}
	const model = "models/plant-id.yaml"
	d, err := r.Read(filepath.Join("tenants/fern", model))
	if err != nil {
		return err
	}
	delete(d.At("spec"), "expose")    // fern has the host name
	delete(d.At("spec"), "overrides") // they would match nothing once it leaves an environment
	return r.Write(filepath.Join("tenants", newcomer, model), d)
}
