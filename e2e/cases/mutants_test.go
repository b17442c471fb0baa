package cases

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

var mutants = flag.String("mutants", "", "a `file` that lists mutants of mlfleet, and the checks that should find them")

// mutant is a program that generates the fleet with one guardrail broken.
type mutant struct {
	Name    string
	Program string
	Check   string
}

// checks are the parts of cases that only ask questions of a fleet that stands: many
// mutants can be asked about in one world.
var checks = map[string]func(*testing.T) int{
	"TestTenancy/access":   accessReviews,
	"TestTenancy/pods":     podSecurity,
	"TestTenancy/quota":    quotas,
	"TestTenancy/policies": admissionPolicies,
	"TestTenancy/projects": projects,
	"TestNetwork":          connections,
}

// TestMutants commits what each mutant generates, one after the other, and runs the check
// that should find it. A subtest that is red has found it, so whoever reads this knows what
// to expect of which (package mutations).
func TestMutants(t *testing.T) {
	if *mutants == "" {
		t.Skip("no mutants: use make e2e-mutations")
	}
	content, err := os.ReadFile(*mutants)
	if err != nil {
		t.Fatal(err)
	}
	var list []mutant
	if err := json.Unmarshal(content, &list); err != nil {
		t.Fatalf("reading %s: %v", *mutants, err)
	}
	synced(t)
	running := *mlfleet
	for i, m := range list {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			if m.Program != running {
				install(t, m)
				running = m.Program
			}
			checks[m.Check](t)
		})
	}
}

// install brings what a mutant generates to all clusters.
func install(t *testing.T, m mutant) {
	t.Helper()
	ctx := testContext(t)
	the.Fleet.Use(m.Program)
	if err := the.Commit(ctx, m.Name); err != nil {
		t.Fatal(err)
	}
	if err := the.Argo.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	if err := the.Converged(ctx); err != nil {
		t.Fatal(err)
	}
}
