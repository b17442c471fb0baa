package layer

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func put(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "model.onnx"), "weights", 0o600)
	put(t, filepath.Join(dir, "sub/\u00e4 b"), "x", 0o777)
	put(t, filepath.Join(dir, ".git/config"), "x", 0o644)
	put(t, filepath.Join(dir, "sub/.hidden"), "x", 0o644)
	sources, err := Folder(dir, "models", 0o444)
	if err != nil {
		t.Fatal(err)
	}
	want := []Source{
		{filepath.Join(dir, "model.onnx"), "models/model.onnx", 0o444},
		{filepath.Join(dir, "sub/\u00e4 b"), "models/sub/\u00e4 b", 0o444},
	}
	if !slices.Equal(sources, want) {
		t.Errorf("got %+v\nwant %+v", sources, want)
	}
}

func TestFolderRefuses(t *testing.T) {
	for name, make := range map[string]func(t *testing.T, dir string) string{
		"a link to a file": func(t *testing.T, dir string) string {
			link(t, "/etc/passwd", filepath.Join(dir, "a"))
			return "a is L"
		},
		"a link to a folder": func(t *testing.T, dir string) string {
			link(t, "/etc", filepath.Join(dir, "a"))
			return "a is L"
		},
		"a link to itself": func(t *testing.T, dir string) string {
			link(t, "a", filepath.Join(dir, "a"))
			return "a is L"
		},
		"a pipe": func(t *testing.T, dir string) string {
			if err := syscall.Mkfifo(filepath.Join(dir, "a"), 0o644); err != nil {
				t.Fatal(err)
			}
			return "a is p"
		},
		"no files": func(t *testing.T, dir string) string {
			put(t, filepath.Join(dir, ".hidden"), "x", 0o644)
			return "holds no files"
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			want := make(t, dir)
			_, err := Folder(dir, "models", 0o444)
			if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("got %v, want an error with %q and %s", err, want, dir)
			}
		})
	}
	t.Run("a folder that is a link", func(t *testing.T) {
		dir := t.TempDir()
		put(t, filepath.Join(dir, "real/a"), "x", 0o644)
		link(t, "real", filepath.Join(dir, "linked"))
		if _, err := Folder(filepath.Join(dir, "linked"), "models", 0o444); err == nil || !strings.Contains(err.Error(), "linked is L") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nothing there", func(t *testing.T) {
		if _, err := Folder(filepath.Join(t.TempDir(), "none"), "models", 0o444); err == nil || !strings.Contains(err.Error(), "none") {
			t.Errorf("got %v", err)
		}
	})
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

// The layer depends on names, modes given and contents; not on the order, nor
// on what this machine knows of the files.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	put(t, path("a"), "1", 0o644)
	put(t, path("b"), "2", 0o644)
	put(t, path("same/a"), "1", 0o700)
	c := NewCache(t.TempDir())
	build := func(sources ...Source) string {
		t.Helper()
		l, err := c.Files(sources)
		if err != nil {
			t.Fatal(err)
		}
		sound(t, l)
		return digest(t, l).String()
	}
	first := build(Source{path("a"), "x/a", 0o444}, Source{path("b"), "x/b", 0o555})
	for what, again := range map[string]string{
		"another order":   build(Source{path("b"), "x/b", 0o555}, Source{path("a"), "x/a", 0o444}),
		"another machine": build(Source{path("same/a"), "x/a", 0o444}, Source{path("b"), "x/b", 0o555}),
	} {
		if again != first {
			t.Errorf("%s gives %s, not %s", what, again, first)
		}
	}
	if c.Written() != 1 {
		t.Errorf("%d layers were written for one", c.Written())
	}
	for what, other := range map[string]string{
		"another mode":   build(Source{path("a"), "x/a", 0o440}, Source{path("b"), "x/b", 0o555}),
		"another name":   build(Source{path("a"), "x/c", 0o444}, Source{path("b"), "x/b", 0o555}),
		"one less":       build(Source{path("a"), "x/a", 0o444}),
		"bodies swapped": build(Source{path("b"), "x/a", 0o444}, Source{path("a"), "x/b", 0o555}),
	} {
		if other == first {
			t.Errorf("%s gives the same layer", what)
		}
	}
	put(t, path("a"), "3", 0o644)
	if build(Source{path("a"), "x/a", 0o444}, Source{path("b"), "x/b", 0o555}) == first {
		t.Error("changed contents give the same layer")
	}
}

func TestFilesRefuses(t *testing.T) {
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a"), "1", 0o644)
	a := filepath.Join(dir, "a")
	for name, c := range map[string]struct {
		sources []Source
		want    string
	}{
		"one name twice": {[]Source{{a, "x", 0o444}, {a, "x", 0o444}}, "two files for a layer have the name x"},
		"no such file":   {[]Source{{a + "b", "x", 0o444}}, a + "b"},
		"a folder":       {[]Source{{dir, "x", 0o444}}, dir},
		"outside":        {[]Source{{a, "../x", 0o444}}, "not a clean name"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewCache(t.TempDir()).Files(c.sources)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
