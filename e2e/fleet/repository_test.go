package fleet_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/fleet"
)

// TestCopy makes sure that the copies that the tests work on are valid fleets, the
// whole and the cut one, and that cutting leaves out what is elsewhere.
func TestCopy(t *testing.T) {
	mlfleet := filepath.Join(t.TempDir(), "mlfleet")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", mlfleet, "./cmd/mlfleet")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, test := range []struct {
		name    string
		keep    []string
		present []string
		absent  []string
	}{
		{
			name:    "whole",
			present: []string{"golden/manifests/us-east-production/borealis/guardrails/manifests.yaml"},
		},
		{
			name: "cut", keep: []string{"us-west"},
			present: []string{"golden/manifests/us-west-production/cumulus/models/manifests.yaml"},
			absent:  []string{"golden/manifests/us-east-production", "golden/tenants/borealis", "tenants/acme/models/vision-search.yaml"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			r, err := fleet.Copy(t.Context(), "../..", t.TempDir(), mlfleet)
			if err != nil {
				t.Fatal(err)
			}
			if test.keep != nil {
				if err := r.Keep(test.keep...); err != nil {
					t.Fatal(err)
				}
			}
			servers := map[string]string{}
			for i, region := range []string{"us-east", "us-west", "eu-west", "ap-southeast"} {
				servers[region+"-staging"] = "https://127.0.0.1:100" + string(rune('0'+i))
				servers[region+"-production"] = "https://127.0.0.1:200" + string(rune('0'+i))
			}
			if err := r.Adapt(servers); err != nil {
				t.Fatal(err)
			}
			if err := r.Generate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := r.Commit(t.Context(), "Start"); err != nil {
				t.Fatal(err)
			}
			for _, path := range test.present {
				if _, err := os.Stat(filepath.Join(r.Dir, path)); err != nil {
					t.Error(err)
				}
			}
			for _, path := range test.absent {
				if _, err := os.Stat(filepath.Join(r.Dir, path)); err == nil {
					t.Errorf("%s is there", path)
				}
			}
		})
	}
}
