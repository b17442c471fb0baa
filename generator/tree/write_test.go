package tree_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/tree"
)

func TestWriteMakesTheFolderEqualToTheStream(t *testing.T) {
	for _, tc := range []struct {
		name             string
		before, after    tree.Tree
		written, removed []string
	}{
		{"from nothing", nil, of("a/b/c.yaml", "1", "d.yaml", "2"), []string{"a/b/c.yaml", "d.yaml"}, nil},
		{"nothing to do", of("a/b.yaml", "1"), of("a/b.yaml", "1"), nil, nil},
		{"changed", of("a/b.yaml", "1", "a/c.yaml", "1"), of("a/b.yaml", "2", "a/c.yaml", "1"), []string{"a/b.yaml"}, nil},
		{"same size, other bytes", of("a", "12"), of("a", "21"), []string{"a"}, nil},
		{"removed with its folders", of("a/b/c/d.yaml", "1", "a/b/e/f.yaml", "1", "a/g.yaml", "1"), of("a/g.yaml", "1"), nil,
			[]string{"a/b/c/d.yaml", "a/b/e/f.yaml"}},
		{"everything removed", of("a/b.yaml", "1"), of(), nil, []string{"a/b.yaml"}},
		{"a file became a folder", of("a", "1", "b", "1"), of("a/b/c", "1", "b", "1"), []string{"a/b/c"}, []string{"a"}},
		{"a folder became a file", of("a/b/c", "1", "a/d/e", "1", "ab/c", "1"), of("a", "1", "ab/c", "1"), []string{"a"},
			[]string{"a/b/c", "a/d/e"}},
		{"file and folder changed places", of("a/x", "1", "b", "1"), of("a", "1", "b/x", "1"), []string{"a", "b/x"}, []string{"a/x", "b"}},
		{"larger than a buffer", of("a", strings.Repeat("x", 300_000)), of("a", strings.Repeat("x", 299_999)+"y"), []string{"a"}, nil},
		{"large and equal", of("a", strings.Repeat("x", 300_000)), of("a", strings.Repeat("x", 300_000)), nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "golden")
			for p, data := range tc.before {
				put(t, root, p, data)
			}
			check := func(res tree.Result) {
				t.Helper()
				if !slices.Equal(res.Written, tc.written) || !slices.Equal(res.Removed, tc.removed) {
					t.Errorf("wrote %q, removed %q; want %q and %q", res.Written, res.Removed, tc.written, tc.removed)
				}
				if want := len(tc.after) - len(tc.written); res.Unchanged != want {
					t.Errorf("%d unchanged, want %d", res.Unchanged, want)
				}
			}
			dry := writer(root)
			dry.DryRun = true
			if tc.before != nil {
				untouched(t, root, func() {
					res, err := dry.Write(t.Context(), tc.after.Files())
					if err != nil {
						t.Fatal(err)
					}
					check(res)
				})
			} else if res, err := dry.Write(t.Context(), tc.after.Files()); err != nil {
				t.Fatal(err)
			} else if check(res); exists(root) {
				t.Error("a dry run made the folder")
			}
			check(write(t, root, tc.after))
			holds(t, root, tc.after)
			if res := write(t, root, tc.after); res.Changed() {
				t.Errorf("a second run changed something: %v", res)
			}
			got, err := tree.Collect(tree.Read(os.DirFS(root)))
			if err != nil {
				t.Fatal(err)
			}
			holds(t, root, got)
		})
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func TestEqualFilesAreNotTouched(t *testing.T) {
	root := t.TempDir()
	write(t, root, of("a/same.yaml", "1", "a/other.yaml", "1"))
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	same, other := filepath.Join(root, "a/same.yaml"), filepath.Join(root, "a/other.yaml")
	for _, p := range []string{same, other} {
		if err := os.Chtimes(p, long, long); err != nil {
			t.Fatal(err)
		}
	}
	sameBefore, otherBefore := stat(t, same), stat(t, other)

	write(t, root, of("a/same.yaml", "1", "a/other.yaml", "2"))
	if now := stat(t, same); !now.ModTime().Equal(long) || !os.SameFile(now, sameBefore) {
		t.Errorf("an equal file was written again: %v", now.ModTime())
	}
	if now := stat(t, other); now.ModTime().Equal(long) || os.SameFile(now, otherBefore) {
		t.Errorf("a changed file was written in place, not replaced")
	}
}

func stat(t *testing.T, path string) os.FileInfo {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestEmptyFoldersGo(t *testing.T) {
	root := t.TempDir()
	write(t, root, of("a/b.yaml", "1"))
	if err := os.MkdirAll(filepath.Join(root, "a/left/over"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, root, of("a/b.yaml", "1"))
	holds(t, root, of("a/b.yaml", "1"))
}

func TestLeftoverOfAKilledRunGoes(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a/.mlfleet-write.tmp", []byte("# Code gen"))
	if got, err := tree.Collect(tree.Read(os.DirFS(root))); err != nil || len(got) != 0 {
		t.Errorf("Read gave %v, %v; want nothing", got, err)
	}
	write(t, root, of("a/b.yaml", "1"))
	holds(t, root, of("a/b.yaml", "1"))
}

// A stream that fails must not have anything removed, and what it has written
// before is whole.
func TestFailingStreamRemovesNothing(t *testing.T) {
	root := t.TempDir()
	write(t, root, of("a", "1", "b", "1", "z/stale", "1"))
	broken := errors.New("cannot render")
	res, err := writer(root).Write(t.Context(), func(yield func(tree.File, error) bool) {
		_ = yield(tree.File{Path: "a", Data: file("2")}, nil) && yield(tree.File{}, broken)
	})
	if err != broken || errors.Is(err, tree.ErrDisk) {
		t.Errorf("got %v, want the stream's own error", err)
	}
	if !slices.Equal(res.Written, []string{"a"}) || res.Removed != nil {
		t.Errorf("result %+v", res)
	}
	holds(t, root, of("a", "2", "b", "1", "z/stale", "1"))
}

func TestFailingStreamLeavesNoNewFolder(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	broken := errors.New("cannot render")
	if _, err := writer(root).Write(t.Context(), failing(broken)); err != broken {
		t.Fatal(err)
	}
	if exists(root) {
		t.Error("the folder was made and left")
	}
}

func failing(err error) iter.Seq2[tree.File, error] {
	return func(yield func(tree.File, error) bool) { yield(tree.File{}, err) }
}

func TestCancelStopsBetweenFiles(t *testing.T) {
	root := t.TempDir()
	write(t, root, of("a", "1", "b", "1", "c", "1", "stale", "1"))
	ctx, cancel := context.WithCancel(t.Context())
	w := writer(root)
	w.Progress = func(files int) {
		if files == 2 {
			cancel()
		}
	}
	after := of("a", "2", "b", "2", "c", "2")
	_, err := w.Write(ctx, after.Files())
	if !errors.Is(err, context.Canceled) || errors.Is(err, tree.ErrDisk) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if !strings.Contains(err.Error(), "after 2 files") || !strings.Contains(err.Error(), "run again") {
		t.Errorf("%q does not say how far it came and what to do", err)
	}
	holds(t, root, of("a", "2", "b", "2", "c", "1", "stale", "1"))
	write(t, root, after)
	holds(t, root, after)
}

// The stream may use its memory again for the next file.
func TestDataIsNotKept(t *testing.T) {
	root := t.TempDir()
	want := of("a", "1", "b", "2", "c", "3")
	reusing := func(yield func(tree.File, error) bool) {
		var buf []byte
		for f, err := range want.Files() {
			buf = append(buf[:0], f.Data...)
			if !yield(tree.File{Path: f.Path, Data: buf}, err) {
				return
			}
		}
	}
	if _, err := writer(root).Write(t.Context(), reusing); err != nil {
		t.Fatal(err)
	}
	holds(t, root, want)
	got, err := tree.Collect(reusing)
	if err != nil {
		t.Fatal(err)
	}
	holds(t, root, got)
}

func TestBadFilesInTheStream(t *testing.T) {
	good := tree.File{Path: "z/good", Data: file("1")}
	for _, tc := range []struct {
		name   string
		files  []tree.File
		reason string
	}{
		{"parent", []tree.File{{Path: "../x", Data: file("")}}, "relative"},
		{"hidden parent", []tree.File{{Path: "a/../../x", Data: file("")}}, "relative"},
		{"absolute", []tree.File{{Path: "/etc/x", Data: file("")}}, "relative"},
		{"empty", []tree.File{{Path: "", Data: file("")}}, "relative"},
		{"the root", []tree.File{{Path: ".", Data: file("")}}, "relative"},
		{"empty part", []tree.File{{Path: "a//b", Data: file("")}}, "relative"},
		{"trailing slash", []tree.File{{Path: "a/", Data: file("")}}, "relative"},
		{"not UTF-8", []tree.File{{Path: "a\xff", Data: file("")}}, "relative"},
		{"Windows parent", []tree.File{{Path: `..\x`, Data: file("")}}, "backslash"},
		{"Windows drive", []tree.File{{Path: "C:x", Data: file("")}}, "colon"},
		{"NUL", []tree.File{{Path: "a\x00b", Data: file("")}}, "NUL"},
		{"temporary name", []tree.File{{Path: "a/.mlfleet-write.tmp", Data: file("")}}, "being written"},
		{"no header", []tree.File{{Path: "a", Data: []byte("kind: X\n")}}, "does not begin"},
		{"longer first line", []tree.File{{Path: "a", Data: []byte(header + " NOT\n")}}, "does not begin"},
		{"twice", []tree.File{good, {Path: "z/good", Data: file("1")}}, "twice"},
		{"file, then folder", []tree.File{good, {Path: "z/good/x/y", Data: file("")}}, "as a file too"},
		{"folder, then file", []tree.File{good, {Path: "z", Data: file("")}}, "as a folder too"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			root := t.TempDir()
			before := of("a/b", "1", "z/good", "1")
			write(t, root, before)
			_, err := writer(root).Write(t.Context(), func(yield func(tree.File, error) bool) {
				for _, f := range tc.files {
					if !yield(f, nil) {
						return
					}
				}
			})
			bad, ok := errors.AsType[*tree.BadFileError](err)
			if !ok || errors.Is(err, tree.ErrDisk) {
				t.Fatalf("got %v, want a BadFileError", err)
			}
			if last := tc.files[len(tc.files)-1]; bad.Path != last.Path || !strings.Contains(bad.Reason, tc.reason) {
				t.Errorf("got %v, want %q and %q", bad, last.Path, tc.reason)
			}
			holds(t, root, before)
		})
	}
}

func TestCollectRefusesWhatNoFolderCouldHold(t *testing.T) {
	for _, paths := range [][]string{{"a", "a"}, {"../a"}} {
		_, err := tree.Collect(func(yield func(tree.File, error) bool) {
			for _, p := range paths {
				if !yield(tree.File{Path: p}, nil) {
					return
				}
			}
		})
		if _, ok := errors.AsType[*tree.BadFileError](err); !ok {
			t.Errorf("Collect(%q) gave %v, want a BadFileError", paths, err)
		}
	}
}

func TestReadOfNoFolderIsEmpty(t *testing.T) {
	got, err := tree.Collect(tree.Read(os.DirFS(filepath.Join(t.TempDir(), "absent"))))
	if err != nil || len(got) != 0 {
		t.Errorf("got %v, %v", got, err)
	}
}
