package diff_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/revision"
	"github.com/mlfleet/mlfleet/generator/tree"
)

var _ interface {
	Same(path string, data []byte) bool
} = (*revision.Revision)(nil)

// sample is what the sample fleet renders to.
var sample = sync.OnceValues(func() (tree.Tree, error) {
	f, err := generator.Load(os.DirFS("../.."))
	if err != nil {
		return nil, err
	}
	return tree.Collect(generator.Render(f))
})

func sampleTree(t testing.TB) tree.Tree {
	t.Helper()
	files, err := sample()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func onDisk(files tree.Tree) fstest.MapFS {
	old := fstest.MapFS{}
	for path, data := range files {
		old[path] = &fstest.MapFile{Data: data}
	}
	return old
}

func TestEqualTreesDoNotDiffer(t *testing.T) {
	files := sampleTree(t)
	d, err := diff.Trees(onDisk(files), files.Files())
	if err != nil {
		t.Fatal(err)
	}
	if !d.Empty() {
		t.Errorf("equal trees differ:\n%s", text(t, d))
	}
	if got := text(t, d); got != "no object changes\n" {
		t.Errorf("an empty diff prints %q", got)
	}
}

// A tree made from nothing lists every object; undone, it lists each again.
func TestFirstTreeAddsEverything(t *testing.T) {
	files := sampleTree(t)
	objects := 0
	for path, data := range files {
		if strings.HasPrefix(path, "manifests/") || strings.HasPrefix(path, "argocd/") {
			objects += bytes.Count(data, []byte("\n---\n")) + 1
		}
	}
	added, err := diff.Trees(os.DirFS("testdata/no-such-folder"), files.Files())
	if err != nil {
		t.Fatal(err)
	}
	if s := added.Summary; s.Added != objects || s.Changed != 0 || s.Removed != 0 || len(added.Files.Added) == 0 {
		t.Errorf("of %d objects: %+v, %d sources", objects, s, len(added.Files.Added))
	}
	removed, err := diff.Trees(onDisk(files), tree.Tree{}.Files())
	if err != nil {
		t.Fatal(err)
	}
	if s := removed.Summary; s.Removed != objects || s.Changed != 0 || s.Added != 0 {
		t.Errorf("of %d objects: %+v", objects, s)
	}
}

// TestNoChangeIsLost changes one value of one object of the sample at a time, and
// looks for it in everything that is printed.
func TestNoChangeIsLost(t *testing.T) {
	files := sampleTree(t)
	var paths []string
	for path := range files {
		if strings.HasPrefix(path, "manifests/") || strings.HasPrefix(path, "argocd/") {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 300 {
		path := paths[random.IntN(len(paths))]
		objects, err := manifest.ParseYAML(files[path])
		if err != nil {
			t.Fatal(err)
		}
		marker := fmt.Sprintf("marker-%d", i)
		which := random.IntN(len(objects))
		changed := slices.Clone(objects)
		root := mutate(objects[which].Root, random, marker)
		if changed[which], err = manifest.NewObject(root); err != nil {
			t.Fatal(err)
		}
		file := tree.Tree{path: manifest.File(changed...)}
		d, err := diff.Trees(onDisk(tree.Tree{path: files[path]}), file.Files())
		if err != nil {
			t.Fatal(err)
		}
		if changed[which].ID == objects[which].ID {
			// An item that is renamed is one that goes and one that comes.
			if len(d.Objects) != 1 || d.Objects[0].Action != diff.Changed || len(d.Objects[0].Fields) > 2 {
				t.Fatalf("%s, %s: one value changed: %+v", path, objects[which].ID, d.Objects)
			}
		} else if d.Summary.Changed == 0 && len(d.Objects) != 2 {
			t.Fatalf("%s, %s: the object became another: %+v", path, objects[which].ID, d.Objects)
		}
		for form, printed := range map[string]string{"text": text(t, d), "markdown": markdown(t, d), "json": asJSON(t, d)} {
			if !strings.Contains(printed, marker) {
				t.Errorf("%s, %s: the change is not in the %s:\n%s", path, objects[which].ID, form, printed)
			}
		}
	}
}

// mutate replaces one scalar somewhere below n.
func mutate(n manifest.Node, random *rand.Rand, marker string) manifest.Node {
	if !n.IsMap() && !n.IsList() || n.Len() == 0 {
		return manifest.String(marker)
	}
	i := random.IntN(n.Len())
	return n.WithItem(i, mutate(n.Item(i), random, marker))
}

func TestOldFilesAreReadOnlyWhereTheyDiffer(t *testing.T) {
	files := sampleTree(t)
	const changed = "argocd/bootstrap.yaml"
	old := &hashed{FS: onDisk(files), files: files, read: map[string]bool{}}
	edited := tree.Tree{}
	maps.Copy(edited, files)
	edited[changed] = bytes.Replace(files[changed], []byte("kind: Application\n"), []byte("kind: Application # edited\n"), 1)
	d, err := diff.Trees(old, edited.Files())
	if err != nil {
		t.Fatal(err)
	}
	if len(old.read) != 1 || !old.read[changed] {
		t.Errorf("read %v", old.read)
	}
	if len(d.Files.Rewritten) != 1 || len(d.Objects) != 0 || d.Empty() {
		t.Errorf("an edited comment gives %+v", d)
	}
}

// hashed is an old tree that knows what its files hold without reading them.
type hashed struct {
	fs.FS
	files tree.Tree
	read  map[string]bool
}

func (h *hashed) Same(path string, data []byte) bool {
	old, ok := h.files[path]
	return ok && bytes.Equal(old, data)
}

func (h *hashed) ReadFile(path string) ([]byte, error) {
	h.read[path] = true
	return fs.ReadFile(h.FS, path)
}

func TestErrors(t *testing.T) {
	const path = "manifests/us-east-staging/acme/models/manifests.yaml"
	broken := errors.New("the stream broke")
	var stream iter.Seq2[tree.File, error] = func(yield func(tree.File, error) bool) { yield(tree.File{}, broken) }
	if _, err := diff.Trees(fstest.MapFS{}, stream); !errors.Is(err, broken) {
		t.Errorf("a broken stream gives %v", err)
	}
	link := fstest.MapFS{path: {Data: []byte("/etc/passwd"), Mode: fs.ModeSymlink}}
	if _, err := diff.Trees(link, tree.Tree{}.Files()); !errors.Is(err, tree.ErrDisk) {
		t.Errorf("a link gives %v", err)
	}
	if _, err := diff.Trees(fstest.MapFS{}, tree.Tree{path: []byte("no: object\n")}.Files()); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a generated file without objects gives %v", err)
	}
}

func TestJSONReadsBack(t *testing.T) {
	files := sampleTree(t)
	d, err := diff.Trees(onDisk(files), tree.Tree{}.Files())
	if err != nil {
		t.Fatal(err)
	}
	var back diff.Diff
	if err := json.Unmarshal([]byte(asJSON(t, d)), &back); err != nil {
		t.Fatal(err)
	}
	if asJSON(t, &back) != asJSON(t, d) {
		t.Error("what JSON writes does not read back as the same diff")
	}
}
