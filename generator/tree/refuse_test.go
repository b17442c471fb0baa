package tree_test

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/tree"
)

func TestRefusesWhatItDidNotMake(t *testing.T) {
	for _, tc := range []struct {
		name   string
		path   string
		reason string
		place  func(t *testing.T, full string)
	}{
		{"a file to overwrite", "a/b.yaml", "without the header line", byHand("kind: X\n")},
		{"a stale file", "z/old.yaml", "without the header line", byHand("kind: X\n")},
		{"a file beside", "README.md", "without the header line", byHand("# Read me\n")},
		{"an empty file", "a/.gitkeep", "without the header line", byHand("")},
		{"half a header", "a/b.yaml", "without the header line", byHand(header[:20])},
		{"another tool's header", "a/b.yaml", "without the header line", byHand(header + " EVER\n")},
		{"a link to a file", "a/b.yaml", "a symbolic link", link("../../outside/file")},
		{"a link to a folder", "a", "a symbolic link", link("../outside")},
		{"a link to nothing", "q/b.yaml", "a symbolic link", link("nowhere")},
		{"a socket", "s", "a socket", socket},
		{"a folder with the temporary name", "a/.mlfleet-write.tmp/x", "without the header line", byHand("mine")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			base := t.TempDir()
			root := filepath.Join(base, "golden")
			put(t, base, "outside/file", file("precious"))
			put(t, root, "stale.yaml", file("1"))
			put(t, root, "c/.mlfleet-write.tmp", []byte("left over"))
			full := filepath.Join(root, tc.path)
			if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
				t.Fatal(err)
			}
			tc.place(t, full)

			untouched(t, base, func() {
				started := false
				_, err := writer(root).Write(t.Context(), func(yield func(tree.File, error) bool) {
					started = true
					yield(tree.File{Path: "a/b.yaml", Data: file("new")}, nil)
				})
				refused(t, err, tc.path, tc.reason)
				if started {
					t.Error("the stream was started")
				}
			})
		})
	}
}

func refused(t *testing.T, err error, path, reason string) *tree.ForeignError {
	t.Helper()
	foreign, ok := errors.AsType[*tree.ForeignError](err)
	if !ok || !errors.Is(err, tree.ErrDisk) {
		t.Fatalf("got %v, want a ForeignError that is ErrDisk", err)
	}
	if len(foreign.Found) != 1 || foreign.Found[0].Path != path || !strings.Contains(foreign.Found[0].Reason, reason) {
		t.Errorf("found %+v, want %s: %s", foreign.Found, path, reason)
	}
	for _, want := range []string{foreign.Root, path, reason, "nothing was changed", "move it out"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the message lacks %q:\n%v", want, err)
		}
	}
	return foreign
}

func byHand(content string) func(*testing.T, string) {
	return func(t *testing.T, full string) { put(t, "", full, []byte(content)) }
}

func link(to string) func(*testing.T, string) {
	return func(t *testing.T, full string) {
		if err := os.Symlink(to, full); err != nil {
			t.Fatal(err)
		}
	}
}

func socket(t *testing.T, full string) {
	// A socket's address is short, so it is bound from within its folder.
	t.Chdir(filepath.Dir(full))
	l, err := net.Listen("unix", filepath.Base(full))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
}

func TestRefusalNamesEveryFileButPrintsTen(t *testing.T) {
	root := t.TempDir()
	for _, name := range "abcdefghijkl" {
		put(t, root, string(name), nil)
	}
	_, err := writer(root).Write(t.Context(), of("a", "1").Files())
	foreign, ok := errors.AsType[*tree.ForeignError](err)
	if !ok || len(foreign.Found) != 12 {
		t.Fatalf("got %v", err)
	}
	if lines := strings.Count(err.Error(), "\n"); lines != 12 || !strings.Contains(err.Error(), "and 2 more") {
		t.Errorf("got %d line ends in:\n%v", lines, err)
	}
}

func TestRootThatIsNoFolder(t *testing.T) {
	base := t.TempDir()
	put(t, base, "file", file("generated, even"))
	put(t, base, "folder/x", file("1"))
	link("folder")(t, filepath.Join(base, "link"))
	for name, reason := range map[string]string{"file": "a file", "link": "a symbolic link"} {
		untouched(t, base, func() {
			_, err := writer(filepath.Join(base, name)).Write(t.Context(), of("x", "2").Files())
			refused(t, err, ".", reason)
		})
	}
	untouched(t, base, func() {
		_, err := writer(filepath.Join(base, "file", "golden")).Write(t.Context(), of("x", "2").Files())
		if io, ok := errors.AsType[*tree.IOError](err); !ok || !errors.Is(err, tree.ErrDisk) || io.Op == "" {
			t.Errorf("a root below a file gave %v", err)
		}
	})
}

// A checkout with Windows line ends is still ours: it is written anew, not refused.
func TestHeaderWithWindowsLineEnd(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a", []byte(header+"\r\n1\r\n"))
	write(t, root, of("a", "1"))
	holds(t, root, of("a", "1"))
}

func TestReadRefusesLinks(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a", file("1"))
	link("a")(t, filepath.Join(root, "b"))
	_, err := tree.Collect(tree.Read(os.DirFS(root)))
	if io, ok := errors.AsType[*tree.IOError](err); !ok || io.Path != "b" {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFolder(t *testing.T) {
	root := t.TempDir()
	put(t, root, "a/b.yaml", file("1"))
	put(t, root, "secret/c.yaml", file("1"))
	put(t, root, "stale.yaml", file("1"))
	secret := filepath.Join(root, "secret")
	if err := os.Chmod(secret, 0); err != nil {
		t.Fatal(err)
	}
	var err error
	asNobody(t, root, func() { _, err = writer(root).Write(t.Context(), of("a/b.yaml", "2").Files()) })
	refused(t, err, "secret", "permission denied")
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v is not fs.ErrPermission", err)
	}
	if err := os.Chmod(secret, 0o755); err != nil {
		t.Fatal(err)
	}
	holds(t, root, of("a/b.yaml", "1", "secret/c.yaml", "1", "stale.yaml", "1"))
}

// A folder that may be read but not written to fails in the middle of the run.
func TestUnwritableFolder(t *testing.T) {
	root := t.TempDir()
	before := of("a/x", "1", "b/x", "1", "c/stale", "1")
	write(t, root, before)
	locked := filepath.Join(root, "b")
	if err := os.Chmod(locked, 0o555); err != nil {
		t.Fatal(err)
	}
	var err error
	asNobody(t, root, func() { _, err = writer(root).Write(t.Context(), of("a/x", "2", "b/x", "2").Files()) })
	failed, ok := errors.AsType[*tree.IOError](err)
	if !ok || !errors.Is(err, fs.ErrPermission) || failed.Path != filepath.Join(root, "b/x") {
		t.Errorf("got %v", err)
	}
	if err := os.Chmod(locked, 0o755); err != nil { // else it could not be cleaned up
		t.Fatal(err)
	}
	holds(t, root, of("a/x", "2", "b/x", "1", "c/stale", "1"))
}
