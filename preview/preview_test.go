package preview_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/mlfleet/mlfleet/preview"
	"github.com/mlfleet/mlfleet/preview/expand"
)

// The sample fleet gives Argo CD one Application for every overlay, each syncs in one
// step where its set has any, and nothing is wrong with it.
func TestSampleFleet(t *testing.T) {
	r, err := preview.Run(t.Context(), "..", preview.Options{Build: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Error(f)
	}
	var got []string
	stepped := 0
	for _, a := range r.Applications {
		if a.Set == nil {
			continue
		}
		got = append(got, a.Spec.Source.Path)
		if a.Steps() > 0 {
			stepped++
		}
	}
	root := os.DirFS("..")
	var want []string
	for _, pattern := range []string{"golden/tenants/*/*/overlays/*", "golden/platform/overlays/*"} {
		found, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, found...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) < 10 {
		t.Errorf("Applications for\n%v\noverlays are\n%v", got, want)
	}
	if stepped == 0 {
		t.Error("no Application syncs in steps, though production rolls out in steps")
	}
}

// Without building, the Applications are the same.
func TestNoBuild(t *testing.T) {
	built, err := preview.Run(t.Context(), "..", preview.Options{Build: true})
	if err != nil {
		t.Fatal(err)
	}
	not, err := preview.Run(t.Context(), "..", preview.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(built.Applications) != len(not.Applications) || len(not.Findings) > 0 || not.Built {
		t.Errorf("%d Applications with building, %d without, and findings %v", len(built.Applications), len(not.Applications), not.Findings)
	}
}

// The version that is printed is the version that is built.
func TestVersion(t *testing.T) {
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if r.Mod.Path == "github.com/argoproj/argo-cd/v2" && r.Mod.Version == expand.Version {
			return
		}
	}
	t.Errorf("go.mod does not require Argo CD %s", expand.Version)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := preview.Run(ctx, "..", preview.Options{Build: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("an interrupted preview ends with %v", err)
	}
}

// parts are what a mutation is made in: the platform and one tenant, with its inputs
// that a preview reads.
func parts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root := os.DirFS("..")
	for _, pattern := range []string{
		"fleet.yaml", "regions", "golden/argocd/bootstrap.yaml", "golden/argocd/platform", "golden/platform",
		"golden/argocd/tenants/*/acme", "golden/tenants/acme",
	} {
		found, err := fs.Glob(root, pattern)
		if err != nil || len(found) != 1 {
			t.Fatalf("%s: %v %v", pattern, found, err)
		}
		copyTree(t, root, found[0], dir)
	}
	return dir
}

func copyTree(t *testing.T, from fs.FS, name, to string) {
	t.Helper()
	err := fs.WalkDir(from, name, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err == nil {
			err = os.MkdirAll(path.Join(to, path.Dir(name)), 0o777)
		}
		if err == nil {
			err = os.WriteFile(path.Join(to, name), data, 0o666)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
