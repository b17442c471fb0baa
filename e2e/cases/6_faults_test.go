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

// TestFaults is case 6: servers die in the middle of a rollout to the whole fleet. Nothing
// may be deleted, and once they are back everything must arrive.
func TestFaults(t *testing.T) {
	row := the.table.begin(t, "6 faults")
	synced(t)
	ctx := testContext(t)
	before, err := the.Identities(ctx)
	if err != nil {
		t.Fatal(err)
	}
	faults := []struct {
		name  string
		fault func(context.Context) error
	}{
		{"an API server", killAPIServer},
		{"the repository server", killRepoServer},
		{"the ApplicationSet controller", killApplicationSetController},
	}
	for i, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			ctx := testContext(t)
			if err := roll(ctx, i); err != nil {
				t.Fatal(err)
			}
			if err := f.fault(ctx); err != nil {
				t.Fatal(err)
			}
			if err := the.Converged(ctx); err != nil {
				t.Fatal(err)
			}
			after, err := the.Identities(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := after.Differ(before); err != nil {
				t.Errorf("something was deleted: %v", err)
			}
			row.figure("%s killed in mid-rollout, all converged", f.name)
		})
	}
	if !t.Failed() {
		row.figure("all %d objects are still the same ones", len(before))
	}
}

// roll commits a change to every tenant, and waits until the first of its Applications has
// been synced and others have not: the middle of the rollout.
func roll(ctx context.Context, round int) error {
	models, err := filepath.Glob(filepath.Join(the.Fleet.Dir, "tenants/*/models/*.yaml"))
	if err != nil {
		return err
	}
	for _, model := range models {
		path, err := filepath.Rel(the.Fleet.Dir, model)
		if err != nil {
			return err
		}
		err = the.Fleet.Edit(path, func(d fleet.Document) { d.At("spec", "batching")["maxDelay"] = fmt.Sprintf("%dms", 7+round) })
		if err != nil {
			return err
		}
	}
	if err := the.Commit(ctx, "Let all models wait a little longer"); err != nil {
		return err
	}
	if err := the.Argo.Refresh(ctx); err != nil {
		return err
	}
	return waiting.Until(ctx, "the rollout to be half done", func(ctx context.Context) (string, error) {
		done, all, err := progress(ctx)
		switch {
		case err != nil:
			return "", err
		case done == 0:
			return fmt.Sprintf("%d of %d Applications are synced", done, all), nil
		case done == all:
			return "", waiting.Hopeless(fmt.Errorf("the rollout was over before anything could fail"))
		}
		return "", nil
	})
}

// progress counts the models' Applications that have been synced to the last commit.
func progress(ctx context.Context) (done, all int, err error) {
	applications, err := the.Argo.List(ctx, "mlfleet.dev/component=models")
	if err != nil {
		return 0, 0, err
	}
	for _, a := range applications {
		if o := a.Status.Operation; o != nil && o.Phase == "Succeeded" && o.Result.Revision == the.Revision {
			done++
		}
	}
	return done, len(applications), nil
}

// killAPIServer takes the canary region's production cluster away until Argo CD has noticed.
func killAPIServer(ctx context.Context) error {
	c, ok := the.Cluster("us-west-production")
	if !ok {
		return fmt.Errorf("us-west-production does not run")
	}
	c.KillAPIServer()
	noticed := complains(ctx, "mlfleet.dev/cluster="+c.Name)
	if err := errors.Join(noticed, c.RestartAPIServer(ctx)); err != nil {
		return err
	}
	return the.Argo.Refresh(ctx) // as after killRepoServer
}

// killRepoServer takes away the part of Argo CD that reads Git until the others have
// noticed.
func killRepoServer(ctx context.Context) error {
	the.Argo.RepoServer.Kill()
	noticed := complains(ctx, "")
	if err := errors.Join(noticed, the.Argo.RestartRepoServer(ctx)); err != nil {
		return err
	}
	return the.Argo.Refresh(ctx) // whoever failed would try again by himself, minutes later
}

// complains waits until Argo CD says of some Application that it could not reach a server.
func complains(ctx context.Context, selector string) error {
	if err := the.Argo.Refresh(ctx); err != nil {
		return err
	}
	return waiting.Until(ctx, "Argo CD to notice", func(ctx context.Context) (string, error) {
		all, err := the.Argo.List(ctx, selector)
		if err != nil {
			return "", err
		}
		for _, a := range all {
			if s := a.String(); strings.Contains(s, "connection refused") || strings.Contains(s, "Unavailable") {
				return "", nil
			}
		}
		return "nobody complains", nil
	})
}

// killApplicationSetController takes away the part of Argo CD that leads the rolling syncs,
// until all that the others do without it is done: production stands still.
func killApplicationSetController(ctx context.Context) error {
	the.Argo.ApplicationSetController.Kill()
	err := waiting.Until(ctx, "the environments without rolling sync to arrive", func(ctx context.Context) (string, error) {
		staging, err := the.Argo.List(ctx, "mlfleet.dev/component=models,mlfleet.dev/environment=staging")
		if err != nil {
			return "", err
		}
		for _, a := range staging {
			if !a.Healthy(the.Revision) {
				return a.String(), nil
			}
		}
		return "", nil
	})
	if err != nil {
		return err
	}
	production, err := the.Argo.List(ctx, "mlfleet.dev/component=models,mlfleet.dev/environment=production")
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(production, func(a *argocd.Application) bool { return !a.Healthy(the.Revision) }) {
		return fmt.Errorf("the rolling sync was over before its controller was killed")
	}
	return the.Argo.ApplicationSetController.Restart()
}
