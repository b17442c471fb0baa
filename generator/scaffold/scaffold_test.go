package scaffold_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/scaffold"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// The whole of a first day: init, generate, and a second generate that finds
// nothing to do.
func TestNewFleetRenders(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "fleet")
	paths, err := scaffold.Write(dir, scaffold.Options{Name: "vision", Repository: "git@github.com:acme/fleet.git"})
	if err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(contents(t, dir))); !slices.Equal(got, paths) {
		t.Errorf("said to write %q, wrote %q", paths, got)
	}
	f, err := generator.Load(os.DirFS(dir))
	if err != nil {
		t.Fatalf("the new fleet does not load:\n%v", err)
	}
	if f.Name != "vision" || f.Spec.Repository.URL != "git@github.com:acme/fleet.git" {
		t.Errorf("the fleet is %s in %s", f.Name, f.Spec.Repository.URL)
	}
	// The one thing that is not known yet is the image's digest.
	if len(f.Warnings) != 1 || !strings.Contains(f.Warnings[0].Message, "no digest yet") {
		t.Errorf("warnings: %v", f.Warnings)
	}
	golden := filepath.Join(dir, "golden")
	first, err := generator.Write(t.Context(), golden, generator.Render(f))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"argocd/bootstrap.yaml", "manifests/us-east-staging/demo/models/manifests.yaml", "manifests/us-east-staging/demo/guardrails/manifests.yaml",
	} {
		if !slices.Contains(first.Written, want) {
			t.Errorf("the tree lacks %s: %q", want, first.Written)
		}
	}
	second, err := generator.Write(t.Context(), golden, generator.Render(f))
	if err != nil || second.Changed() {
		t.Errorf("a second time: %v, %v", second, err)
	}
}

func TestOptions(t *testing.T) {
	files, err := scaffold.Files(scaffold.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"": "@latest", "v1.2.3": "@v1.2.3", "v1.2.3-rc.1": "@v1.2.3-rc.1", "(devel)": "@latest", "v1.2.3; rm -rf /": "@latest"} {
		files, err := scaffold.Files(scaffold.Options{Version: version})
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"Makefile", ".github/workflows/mlfleet.yaml"} {
			if data := find(t, files, path); !strings.Contains(data, "cmd/mlfleet"+want+"\n") || strings.Count(data, "cmd/mlfleet@") != 1 {
				t.Errorf("version %q, %s:\n%s", version, path, data)
			}
		}
	}
	readme := find(t, files, "README.md")
	if !strings.HasPrefix(readme, "# my-fleet\n") {
		t.Errorf("README.md:\n%s", readme)
	}
	for name, options := range map[string]scaffold.Options{
		"not a name":          {Name: "My Fleet"},
		"reserved":            {Name: "argocd"},
		"another field":       {Name: "x\nspec: {}"},
		"a comment":           {Name: "x # y"},
		"quotes":              {Name: `"x"`},
		"a URL with a secret": {Repository: "https://user:password@example.com/x.git"},
		"a URL that is none":  {Repository: "somewhere"},
		"a URL with more":     {Repository: "https://example.com/x.git\n    revision: other"},
	} {
		dir := filepath.Join(t.TempDir(), "new")
		if paths, err := scaffold.Write(dir, options); err == nil {
			t.Errorf("%s: wrote %q", name, paths)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: the folder was made (%v)", name, err)
		}
	}
	_, err = scaffold.Files(scaffold.Options{Name: "My-Fleet"})
	if findings, ok := errors.AsType[fleet.Findings](err); !ok || findings[0].File != "fleet.yaml" {
		t.Errorf("a bad name: %v", err)
	}
}

// What is in the way is listed, and everything stays as it was.
func TestInTheWay(t *testing.T) {
	for _, c := range []struct {
		there []string
		want  []string // in the way; none if the folder will do
	}{
		{[]string{".git/HEAD", "LICENSE", ".github/dependabot.yml", ".github/workflows/other.yaml"}, nil},
		{[]string{"README.md", "LICENSE", "Makefile"}, []string{"Makefile", "README.md"}},
		{[]string{"fleet.yaml", "tenants/acme/tenant.yaml"}, []string{"fleet.yaml", "tenants"}},
		{[]string{"golden/argocd/bootstrap.yaml"}, []string{"golden"}},
		{[]string{".github/workflows/mlfleet.yaml"}, []string{".github/workflows/mlfleet.yaml"}},
		{[]string{".github"}, []string{".github"}},
		{[]string{"regions"}, []string{"regions"}},
	} {
		dir := t.TempDir()
		for _, path := range c.there {
			write(t, filepath.Join(dir, path), "mine")
		}
		before := contents(t, dir)
		paths, err := scaffold.Write(dir, scaffold.Options{})
		if c.want == nil {
			if err != nil {
				t.Errorf("%q: %v", c.there, err)
			}
			for path, data := range before {
				if contents(t, dir)[path] != data || slices.Contains(paths, path) {
					t.Errorf("%s was overwritten", path)
				}
			}
			continue
		}
		inTheWay, ok := errors.AsType[*scaffold.InTheWayError](err)
		if !ok || !slices.Equal(inTheWay.Paths, c.want) || !strings.Contains(err.Error(), c.want[0]) {
			t.Errorf("%q: %v", c.there, err)
		}
		if !maps.Equal(before, contents(t, dir)) {
			t.Errorf("%q: something was written", c.there)
		}
	}
}

// A link in the place of a folder leads elsewhere, so nothing is written through it.
func TestLinkInTheWay(t *testing.T) {
	dir, elsewhere := t.TempDir(), t.TempDir()
	for _, name := range []string{"tenants", ".github"} {
		if err := os.Symlink(elsewhere, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := scaffold.Write(dir, scaffold.Options{})
	if e, ok := errors.AsType[*scaffold.InTheWayError](err); !ok || !slices.Equal(e.Paths, []string{".github", "tenants"}) {
		t.Errorf("links: %v", err)
	}
	if got := contents(t, elsewhere); len(got) != 0 {
		t.Errorf("written elsewhere: %q", got)
	}
}

func TestFileInsteadOfFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "mine")
	if _, err := scaffold.Write(file, scaffold.Options{}); !errors.Is(err, tree.ErrDisk) || !strings.Contains(err.Error(), file) {
		t.Errorf("a file instead of a folder: %v", err)
	}
}

// The other files hold together: the workflow is YAML that calls targets of the
// Makefile, and CODEOWNERS names folders that are there.
func TestFilesAgree(t *testing.T) {
	files, err := scaffold.Files(scaffold.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var workflow struct {
		Jobs map[string]struct {
			Steps []struct{ Uses, Run string }
		}
	}
	if err := yaml.Unmarshal([]byte(find(t, files, ".github/workflows/mlfleet.yaml")), &workflow); err != nil {
		t.Fatal(err)
	}
	var runs []string
	for _, step := range workflow.Jobs["check"].Steps {
		runs = append(runs, step.Run)
		if _, version, ok := strings.Cut(step.Uses, "@"); ok && len(version) != 40 {
			t.Errorf("%s is not pinned to a commit", step.Uses)
		}
	}
	if !slices.Contains(runs, "make check MLFLEET=mlfleet") {
		t.Errorf("the workflow runs %q", runs)
	}
	if makefile := find(t, files, "Makefile"); !strings.Contains(makefile, "\ncheck: ") || !strings.Contains(makefile, "$(MLFLEET) generate --check\n") {
		t.Errorf("Makefile:\n%s", makefile)
	}
	if attributes := find(t, files, ".gitattributes"); !strings.Contains(attributes, "\ngolden/** linguist-generated text eol=lf\n") {
		t.Errorf(".gitattributes:\n%s", attributes)
	}
	for line := range strings.Lines(find(t, files, "CODEOWNERS")) {
		folder, _, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(folder, "/tenants/") {
			continue
		}
		if !slices.ContainsFunc(files, func(f tree.File) bool { return strings.HasPrefix("/"+f.Path, folder) }) {
			t.Errorf("CODEOWNERS names %s, which is not there", folder)
		}
	}
}

func find(t *testing.T, files []tree.File, path string) string {
	t.Helper()
	i := slices.IndexFunc(files, func(f tree.File) bool { return f.Path == path })
	if i < 0 {
		t.Fatalf("there is no %s", path)
	}
	return string(files[i].Data)
}

func write(t *testing.T, path, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

// contents are the files below a folder, by their paths in it.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		out[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
