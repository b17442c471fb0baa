package mutations_test

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/mutations"
)

// Where the programs are that the cases need, as in package cases.
var (
	cases   = flag.String("cases", "", "the `program` that package cases compiles to; without it the mutations are only compiled, not run")
	mlfleet = flag.String("mlfleet", "", "the `program` mlfleet")
	tools   = flag.String("tools", "", "the `folder` of the servers")
	preview = flag.String("preview", "", "the `program` mlfleet-preview")
	reach   = flag.String("reach", "", "the `program` reach")
	only    = flag.String("only", "", "a `regexp` of the names of the mutations to run; all without it")
)

const root = "../.."

// TestMutations breaks the guardrails, one after the other: those that can be asked about
// in a world that stands together in one, and each of the others in a world of its own.
func TestMutations(t *testing.T) {
	if *cases == "" {
		t.Skip("the cases need servers; use make e2e-mutations")
	}
	wanted, err := regexp.Compile(*only)
	if err != nil {
		t.Fatal(err)
	}
	var together []mutations.Mutation
	for _, m := range mutations.All() {
		switch {
		case !wanted.MatchString(m.Name):
		case m.Standing():
			together = append(together, m)
		default:
			t.Run(m.Name, func(t *testing.T) {
				out, err := run(t, build(t, m), m.Case, cmp.Or(m.Regions, "us-west"))
				judge(t, m, err != nil, out)
			})
		}
	}
	if len(together) > 0 {
		t.Run("together", func(t *testing.T) { inOneWorld(t, together) })
	}
}

// judge looks at what a case said of a mutant.
func judge(t *testing.T, m mutations.Mutation, red bool, out string) {
	t.Helper()
	switch {
	case !red:
		t.Errorf("%s stayed green:\n%s", m.Case, out)
	case !strings.Contains(out, m.Says):
		t.Errorf("%s turned red, but never said %q:\n%s", m.Case, m.Says, out)
	default:
		t.Logf("%s turned red: %s", m.Case, line(out, m.Says))
	}
}

// mutant is an element of what package cases reads (its TestMutants).
type mutant struct{ Name, Program, Check string }

// inOneWorld gives the cases the mutants one after the other, those that leave something
// behind last. Before those comes the program as it is: then every check must be green.
func inOneWorld(t *testing.T, all []mutations.Mutation) {
	unbroken, err := filepath.Abs(*mlfleet)
	if err != nil {
		t.Fatal(err)
	}
	var list, whole, last []mutant
	found := map[mutant]mutations.Mutation{}
	sound := map[string]bool{}
	for _, m := range all {
		entry := mutant{m.Name, build(t, m), m.Case}
		found[entry] = m
		if m.Leaves() {
			last = append(last, entry)
			continue
		}
		list = append(list, entry)
		if !sound[m.Case] {
			sound[m.Case] = true
			whole = append(whole, mutant{"nothing is broken: " + m.Case, unbroken, m.Case})
		}
	}
	list = append(append(list, whole...), last...)
	content, err := json.Marshal(list)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mutants.json")
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
	out, _ := run(t, unbroken, "TestMutants", "us-west", "-mutants", file) // how each ended stands in what it says
	for i, entry := range list {
		t.Run(entry.Name, func(t *testing.T) {
			said, ended := section(out, i)
			red := strings.Contains(out, fmt.Sprintf("--- FAIL: TestMutants/%d ", i))
			m, broken := found[entry]
			switch {
			case !ended:
				t.Errorf("it was never asked about:\n%s", out)
			case broken:
				judge(t, m, red, said)
			case red:
				t.Errorf("%s is red with nothing broken:\n%s", entry.Check, said)
			}
		})
	}
}

// section is what the cases said of one mutant.
func section(out string, i int) (said string, ended bool) {
	_, after, began := strings.Cut(out, fmt.Sprintf("=== RUN   TestMutants/%d\n", i))
	said, _, _ = strings.Cut(after, "=== RUN   TestMutants/")
	said, _, _ = strings.Cut(said, "--- FAIL: TestMutants")
	return said, began && strings.Contains(out, fmt.Sprintf(": TestMutants/%d ", i))
}

// run runs a case on the fleet that a program generates, and gives what it printed.
func run(t *testing.T, program, test, regions string, more ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(*cases, append(more, "-test.v", "-test.run", "^"+strings.ReplaceAll(test, "/", "$/^")+"$",
		"-tools", *tools, "-mlfleet", program, "-preview", *preview, "-reach", *reach,
		"-regions", regions, "-patience", "10m", "-logs", filepath.Join(t.TempDir(), "logs"))...)
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
