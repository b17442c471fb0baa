package cases

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/fleet"
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

// change edits inputs, commits and waits until Argo CD has done what follows from it.
// It gives the sync operations that took.
func change(ctx context.Context, message string, edit func(*fleet.Repository) error) ([]argocd.Sync, error) {
	recorder, err := the.Argo.Record(ctx)
	if err != nil {
		return nil, err
	}
	if err := edit(the.Fleet); err != nil {
		return nil, err
	}
	if err := the.Commit(ctx, message); err != nil {
		return nil, err
	}
	if err := refresh(ctx); err != nil {
		return nil, err
	}
	if err := the.Converged(ctx); err != nil {
		return nil, err
	}
	return recorder.Stop()
}

// canary is the region that the environments with rolling sync begin in.
const canary = "us-west"

// refresh has Argo CD look at the last commit, the canary region's Applications first: to
// the ApplicationSet controller one that has not looked yet is done already, and it would
// let others go ahead (docs/operations.md, "From all-at-once to rolling-sync").
func refresh(ctx context.Context) error {
	first, err := the.Argo.List(ctx, "mlfleet.dev/region="+canary)
	if err != nil {
		return err
	}
	for _, a := range first {
		if err := the.Argo.RefreshOne(ctx, a.Metadata.Name); err != nil {
			return err
		}
	}
	for _, a := range first {
		if err := looked(ctx, a.Metadata.Name); err != nil {
			return err
		}
	}
	return the.Argo.Refresh(ctx)
}

// modelChange releases a model of acme's, which runs in every cluster.
func modelChange(t *testing.T) string {
	syncs, err := change(testContext(t), "Let acme's ranker take larger batches", func(r *fleet.Repository) error {
		return r.Edit("tenants/acme/models/ranker.yaml", func(d fleet.Document) { d.At("spec", "batching")["maxSize"] = 48 })
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
	inOrder(t, syncs, "production", canary)
	return fmt.Sprintf("%d syncs on %d of %d Applications, %d repeated for nothing", len(syncs), len(want), applications(t), repeated)
}

// inOrder checks that the operations in an environment kept to its rolling sync: the canary
// region had finished before any other began, and at most half of the others, but one at
// least, were at work at once. Times are whole seconds, as Argo CD writes them.
func inOrder(t *testing.T, syncs []argocd.Sync, environment, canary string) {
	var first, others []argocd.Sync
	for _, s := range syncs {
		_, cluster := cutLast(s.Application)
		switch {
		case !strings.HasSuffix(cluster, environment):
		case strings.HasPrefix(cluster, canary):
			first = append(first, s)
		default:
			others = append(others, s)
		}
	}
	if len(first) == 0 {
		t.Fatalf("no sync in %s of the canary region %s: %v", environment, canary, syncs)
	}
	for _, o := range others {
		for _, f := range first {
			if o.StartedAt.Time.Before(f.FinishedAt.Time) {
				t.Errorf("%s began at %s, before %s of the canary region ended at %s", o.Application, o.StartedAt, f.Application, f.FinishedAt)
			}
		}
		atWork := 0
		for _, p := range others {
			if !p.StartedAt.Time.After(o.StartedAt.Time) && p.FinishedAt.Time.After(o.StartedAt.Time) {
				atWork++
			}
		}
		if most := max(1, len(others)/2); atWork > most {
			t.Errorf("%d of %d Applications synced at %s, want %d at most", atWork, len(others), o.StartedAt, most)
		}
	}
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
