package mutations_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/mutations"
)

// Where the programs are that the cases need, as in package cases.
var (
	cases   = flag.String("cases", "", "the `program` that package cases compiles to; without it the mutations are only compiled, not run")
	tools   = flag.String("tools", "", "the `folder` of the servers")
	preview = flag.String("preview", "", "the `program` mlfleet-preview")
	reach   = flag.String("reach", "", "the `program` reach")
)

const root = "../.."

// TestCompile makes sure that each mutation fits the sources of today: that its line is
// there, once, and that what becomes of it compiles.
func TestCompile(t *testing.T) {
	for _, m := range mutations.All() {
		compile(t, m, "./"+filepath.Dir(m.File), os.DevNull)
	}
}

// TestListed makes sure that the page about the cases names each mutation.
func TestListed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs/e2e.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range mutations.All() {
		if !strings.Contains(string(page), m.Name) {
			t.Errorf("docs/e2e.md does not name the mutation %q", m.Name)
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

// build compiles the mutant of mlfleet.
func build(t *testing.T, m mutations.Mutation) string {
	t.Helper()
	mutant := filepath.Join(t.TempDir(), "mlfleet")
	if !compile(t, m, "./cmd/mlfleet", mutant) {
		t.FailNow()
	}
	return mutant
}

// compile compiles a package of the mutant; the sources stay as they are, the compiler is
// given another file in place of one of them.
func compile(t *testing.T, m mutations.Mutation, of, into string) bool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, m.File))
	if err != nil {
		t.Errorf("%s: %v", m.Name, err)
		return false
	}
	if n := strings.Count(string(content), m.Old); n != 1 {
		t.Errorf("%s: %s has %q %d times, want once", m.Name, m.File, m.Old, n)
		return false
	}
	dir := t.TempDir()
	mutated, overlay := filepath.Join(dir, "mutated.go"), filepath.Join(dir, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{m.File: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{mutated: strings.Replace(string(content), m.Old, m.New, 1), overlay: string(replaced)} {
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command("go", "-C", root, "build", "-buildvcs=false", "-overlay", overlay, "-o", into, of).CombinedOutput()
	if err != nil {
		t.Errorf("%s: compiling the mutant: %v: %s", m.Name, err, out)
	}
	return err == nil
}

// run runs the case on the mutant's fleet, and gives what it printed.
func run(t *testing.T, m mutations.Mutation, mutant string) (string, error) {
	t.Helper()
	cmd := exec.Command(*cases, "-test.v", "-test.run", "^"+strings.ReplaceAll(m.Case, "/", "$/^")+"$",
		"-tools", *tools, "-mlfleet", mutant, "-preview", *preview, "-reach", *reach,
		"-regions", cmp.Or(m.Regions, "us-west"), "-patience", "8m", "-logs", filepath.Join(t.TempDir(), "logs"))
	cmd.Dir = filepath.Join("..", "cases") // where the flags' defaults begin
	// The servers end with the cases, and they with us.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	out, err := cmd.CombinedOutput()
	return withoutProgress(string(out)), err
}

// withoutProgress leaves away what is told while something is waited for (package
// waiting): it names what may yet come true.
func withoutProgress(out string) string {
	var kept strings.Builder
	for l := range strings.Lines(out) {
		if !strings.HasPrefix(l, "... waiting for ") {
			kept.WriteString(l)
		}
	}
	return kept.String()
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
