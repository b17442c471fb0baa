package mutations_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/mutations"
)

// Where the programs are that the cases need, as in package cases.
var (
	cases   = flag.String("cases", "", "the `program` that package cases compiles to; without it the mutations are only checked, not run")
	tools   = flag.String("tools", "", "the `folder` of the servers")
	preview = flag.String("preview", "", "the `program` mlfleet-preview")
	reach   = flag.String("reach", "", "the `program` reach")
	regions = flag.String("regions", "us-west", "the `regions` to start")
)

const root = "../.."

// TestApply makes sure that each mutation fits the sources of today.
func TestApply(t *testing.T) {
	for _, m := range mutations.All() {
		content, err := os.ReadFile(filepath.Join(root, m.File))
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
		} else if n := strings.Count(string(content), m.Old); n != 1 {
			t.Errorf("%s: %s has %q %d times, want once", m.Name, m.File, m.Old, n)
		}
	}
}

// TestMutations breaks the guardrails, one after the other.
func TestMutations(t *testing.T) {
	if *cases == "" {
		t.Skip("the cases need servers; use make e2e-mutations")
	}
	for _, m := range mutations.All() {
		t.Run(m.Name, func(t *testing.T) {
			out, err := run(t, m, build(t, m))
			switch {
			case err == nil:
				t.Errorf("%s stayed green:\n%s", m.Case, out)
			case !strings.Contains(out, m.Says):
				t.Errorf("%s turned red, but never said %q:\n%s", m.Case, m.Says, out)
			default:
				t.Logf("%s turned red: %s", m.Case, line(out, m.Says))
			}
		})
	}
}

// build compiles the mutant of mlfleet from a copy of the sources.
func build(t *testing.T, m mutations.Mutation) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "cmd", "cue", "generator"} {
		if out, err := exec.Command("cp", "-r", filepath.Join(root, name), dir).CombinedOutput(); err != nil {
			t.Fatalf("copying the sources: %v: %s", err, out)
		}
	}
	file := filepath.Join(dir, m.File)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(content), m.Old, m.New, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	mutant := filepath.Join(dir, "mlfleet")
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-o", mutant, "./cmd/mlfleet")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("compiling the mutant: %v: %s", err, out)
	}
	return mutant
}

// run runs the case on the mutant's fleet, and gives what it printed.
func run(t *testing.T, m mutations.Mutation, mutant string) (string, error) {
	t.Helper()
	cmd := exec.Command(*cases, "-test.v", "-test.run", "^"+strings.ReplaceAll(m.Case, "/", "$/^")+"$",
		"-tools", *tools, "-mlfleet", mutant, "-preview", *preview, "-reach", *reach,
		"-regions", *regions, "-patience", "8m", "-logs", filepath.Join(t.TempDir(), "logs"))
	cmd.Dir = filepath.Join("..", "cases") // where the flags' defaults begin
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// line is the first line of a text with a part in it.
func line(text, part string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, part) {
			return strings.TrimSpace(l)
		}
	}
	return ""
}
