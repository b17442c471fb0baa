package cases

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"reflect"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/e2e/argocd"
)

// TestSync is case 1: one apply of the bootstrap, and every Application of the fleet is
// Synced and Healthy on its own cluster. They are those that "mlfleet preview"
// announced, field by field.
func TestSync(t *testing.T) {
	row := the.table.begin(t, "1 sync")
	begin := time.Now()
	synced(t)
	row.figure("%d Applications in %d clusters synced and healthy after %s (start-up before: %s)",
		applications(t), len(the.Clusters), round(time.Since(begin)), round(the.StartUp))

	ctx := testContext(t)
	live, err := the.Argo.List(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	row.figure("%d objects applied", onItsOwnCluster(t, live))
	t.Run("preview", func(t *testing.T) {
		if *preview == "" {
			t.Fatal("the flag -preview is missing")
		}
		announced, err := announce(ctx)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, announced, live)
		row.figure("%d as previewed", len(announced))
	})
}

// hub is the hub's own name in Argo CD (fleet.yaml).
const hub = "in-cluster"

// onItsOwnCluster checks that each Application went to the cluster that its name ends
// with, and counts the objects of all.
func onItsOwnCluster(t *testing.T, live []*argocd.Application) int {
	objects := 0
	for _, a := range live {
		objects += len(a.Status.Resources)
		_, want := cutLast(a.Metadata.Name)
		if a.Metadata.Labels["mlfleet.dev/component"] == "root" {
			want = hub
		}
		if a.Spec.Destination.Name != want {
			t.Errorf("%s is for cluster %s, want %s", a.Metadata.Name, a.Spec.Destination.Name, want)
		}
		for _, r := range a.Status.Resources {
			if r.Status != "Synced" {
				t.Errorf("%s: %s %s is %s", a.Metadata.Name, r.Kind, r.Name, r.Status)
			}
		}
		if len(a.Status.Resources) == 0 {
			t.Errorf("%s has no objects", a.Metadata.Name)
		}
	}
	return objects
}

// foundSomething is the exit code of mlfleet-preview that comes with findings.
const foundSomething = 1

// announce runs mlfleet-preview on the fleet and gives the Applications that it names.
func announce(ctx context.Context) (map[string]map[string]any, error) {
	out, err := exec.CommandContext(ctx, *preview, "-C", the.Fleet.Dir, "-o", "json").Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("running mlfleet-preview: %w", err)
	} else if exit != nil && exit.ExitCode() != foundSomething {
		return nil, fmt.Errorf("mlfleet-preview: %w: %s", err, exit.Stderr)
	}
	var report struct {
		Applications []struct {
			Application map[string]any `json:"application"`
		} `json:"applications"`
		Findings []json.RawMessage `json:"findings"`
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return nil, fmt.Errorf("reading what mlfleet-preview says: %w", err)
	}
	if len(report.Findings) > 0 {
		return nil, fmt.Errorf("mlfleet-preview has findings about what Argo CD has synced: %s", report.Findings)
	}
	all := map[string]map[string]any{}
	for _, a := range report.Applications {
		all[at(a.Application, "metadata")["name"].(string)] = a.Application
	}
	return all, nil
}

// compare holds the live Applications to those announced.
func compare(t *testing.T, announced map[string]map[string]any, live []*argocd.Application) {
	if len(live) != len(announced) {
		t.Errorf("%d Applications are live, %d were announced", len(live), len(announced))
	}
	for _, a := range live {
		want, ok := announced[a.Metadata.Name]
		if !ok {
			t.Errorf("%s was not announced", a.Metadata.Name)
			continue
		}
		if got, want := bare(a.Object.Object), bare(want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is\n%s\nbut was announced as\n%s", a.Metadata.Name, pretty(got), pretty(want))
		}
	}
}

// bare is what is compared of an Application: all that the ApplicationSet's template
// decides. Argo CD 3.5 switches automated sync off by a field of its own where a
// rolling sync is at work; 2.14, whose engine the preview has, takes the field's
// parent away.
func bare(object map[string]any) map[string]any {
	var copied map[string]any
	content, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(content, &copied)
	}
	if err != nil {
		panic(err) // it was JSON before
	}
	metadata := at(copied, "metadata")
	delete(at(copied, "spec", "syncPolicy", "automated"), "enabled")
	kept := map[string]any{}
	for _, key := range []string{"name", "namespace", "labels", "annotations", "finalizers"} {
		if value, ok := metadata[key]; ok {
			kept[key] = value
		}
	}
	delete(at(kept, "annotations"), "argocd.argoproj.io/refresh")
	dropEmpty(copied)
	return map[string]any{"metadata": kept, "spec": copied["spec"]}
}

// dropEmpty takes empty maps away, which Argo CD's Go types write for fields that are not
// there (an Application's directory.jsonnet) and an applied manifest does not have.
func dropEmpty(object map[string]any) {
	for key, value := range object {
		if inner, ok := value.(map[string]any); ok {
			if dropEmpty(inner); len(inner) == 0 {
				delete(object, key)
			}
		}
	}
}

// at is the map at a path; a new one where there is none.
func at(object map[string]any, path ...string) map[string]any {
	for _, key := range path {
		inner, ok := object[key].(map[string]any)
		if !ok {
			return map[string]any{}
		}
		object = inner
	}
	return object
}

func pretty(value any) string {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		panic(err) // it was JSON before
	}
	return string(content)
}
