package mutations_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/e2e/mutations"
)

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
