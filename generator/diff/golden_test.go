package diff_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

var update = flag.Bool("update", false, "write what the tests get into testdata/")

// TestGolden runs the stories in testdata/: a tree as it was (old/), as it will be
// (new/), and what the three writers say of the change.
func TestGolden(t *testing.T) {
	stories, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(stories) < 8 {
		t.Fatalf("stories: %v, %v", stories, err)
	}
	for _, story := range stories {
		t.Run(strings.TrimSuffix(filepath.Base(story), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(story)
			if err != nil {
				t.Fatal(err)
			}
			old, files := fstest.MapFS{}, tree.Tree{}
			for _, f := range archive.Files {
				if path, ok := strings.CutPrefix(f.Name, "old/"); ok {
					old[path] = &fstest.MapFile{Data: unpack(f.Data)}
				}
				if path, ok := strings.CutPrefix(f.Name, "new/"); ok {
					files[path] = unpack(f.Data)
				}
			}
			d, err := diff.Trees(old, files.Files())
			if err != nil {
				t.Fatal(err)
			}
			for name, got := range map[string]string{"want.txt": text(t, d), "want.md": markdown(t, d), "want.json": asJSON(t, d)} {
				if *update {
					set(archive, name, got)
				} else if want := content(archive, name); got != want {
					t.Errorf("%s:\n%s\nwant:\n%s", name, got, want)
				}
			}
			if *update {
				if err := os.WriteFile(story, txtar.Format(archive), 0o666); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// unpack puts the header before a story's file of objects, which leaves it out.
func unpack(data []byte) []byte {
	if bytes.HasPrefix(data, []byte("apiVersion:")) {
		return append([]byte(manifest.Header+"\n"), data...)
	}
	return data
}

func content(a *txtar.Archive, name string) string {
	for _, f := range a.Files {
		if f.Name == name {
			return string(f.Data)
		}
	}
	return ""
}

func set(a *txtar.Archive, name, data string) {
	for i := range a.Files {
		if a.Files[i].Name == name {
			a.Files[i].Data = []byte(data)
			return
		}
	}
	a.Files = append(a.Files, txtar.File{Name: name, Data: []byte(data)})
}

func text(t *testing.T, d *diff.Diff) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Text(&b, false); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func markdown(t *testing.T, d *diff.Diff) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func asJSON(t *testing.T, d *diff.Diff) string {
	t.Helper()
	var b bytes.Buffer
	if err := d.JSON(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
