package expand

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// The version that is printed is the version that is built.
func TestVersion(t *testing.T) {
	data, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := modfile.Parse("go.mod", data, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		if strings.HasPrefix(r.Mod.Path, "github.com/argoproj/argo-cd/") {
			if r.Mod.Version != Version {
				t.Errorf("go.mod requires %s, and Version is %s", r.Mod.Version, Version)
			}
			return
		}
	}
	t.Error("go.mod does not require Argo CD")
}
