package revision_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/mlfleet/mlfleet/generator/revision"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// repository is a Git repository of a test.
type repository struct {
	t   testing.TB
	dir string
}

func newRepository(t testing.TB, init ...string) repository {
	t.Helper()
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	r := repository{t, t.TempDir()}
	r.git(append([]string{"init", "--quiet", "--initial-branch=main"}, init...)...)
	return r
}

func (r repository) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=A", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r repository) write(name, content string) {
	r.t.Helper()
	path := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// commit commits everything and returns the commit.
func (r repository) commit() string {
	r.t.Helper()
	r.git("add", "--all", "--force")
	r.git("commit", "--quiet", "--allow-empty", "--message", "a change")
	return r.git("rev-parse", "HEAD")
}

func open(t testing.TB, dir, name string) *revision.Revision {
	t.Helper()
	// The test's own context ends before its cleanup, and git with it.
	r, err := revision.Open(context.WithoutCancel(t.Context()), dir, name, "golden")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return r
}

func files(t testing.TB, fsys fs.FS) map[string]string {
	t.Helper()
	out := map[string]string{}
	for f, err := range tree.Read(fsys) {
		if err != nil {
			t.Fatal(err)
		}
		out[f.Path] = string(f.Data)
	}
	return out
}

// The whole contract of fs.FS, on file names that Git quotes unless asked not to.
func TestFileSystem(t *testing.T) {
	r := newRepository(t)
	want := map[string]string{
		"argocd/bootstrap.yaml":           "a\n",
		"tenants/acme/base/x.yaml":        "",
		"tenants/acme/überlänge/ñ.yaml":   "\x00binary\r\n",
		"tenants/a b/\"quoted\"\t\n.yaml": "odd",
		"tenants/a.b/x":                   "sorts between folders",
		"x":                               strings.Repeat("large", 100_000),
	}
	var names []string
	for name, content := range want {
		r.write("golden/"+name, content)
		names = append(names, name)
	}
	r.write("golden-too/x", "not of the tree")
	r.write("fleet.yaml", "nor this")
	r.commit()
	for name := range want {
		r.write("golden/"+name, "changed since, and not committed")
	}
	rev := open(t, r.dir, "HEAD")
	if err := fstest.TestFS(rev, names...); err != nil {
		t.Error(err)
	}
	got := files(t, rev)
	if len(got) != len(want) {
		t.Errorf("files: %q", got)
	}
	for name, content := range want {
		if got[name] != content {
			t.Errorf("%q holds %q", name, got[name])
		}
	}
}

// Names of revisions, of a fleet at the top of its repository and of one below.
func TestNames(t *testing.T) {
	for _, below := range []string{"", "fleets/eu/", ":(top)*/"} {
		r := newRepository(t)
		r.write(below+"fleet.yaml", "")
		r.write(below+"golden/x", "first")
		first := r.commit()
		r.git("tag", "--annotate", "--message", "a release", "v1")
		r.write(below+"golden/x", "second")
		r.write("golden/other-fleet", "of the top")
		second := r.commit()
		r.git("branch", "feature/x", first)
		dir := filepath.Join(r.dir, filepath.FromSlash(below))
		for name, want := range map[string]string{
			"HEAD": "second", "main": "second", "HEAD~1": "first", "v1": "first", "feature/x": "first",
			first: "first", first[:8]: "first", "@": "second",
		} {
			rev := open(t, dir, name)
			if got := files(t, rev)["x"]; got != want {
				t.Errorf("in %q, %s is %q, want %q", below, name, got, want)
			}
			if _, ok := files(t, rev)["other-fleet"]; ok != (below == "" && want == "second") {
				t.Errorf("in %q, %s holds another fleet's file: %v", below, name, ok)
			}
			if id := map[string]string{"first": first, "second": second}[want]; rev.Commit() != id {
				t.Errorf("%s is commit %s, want %s", name, rev.Commit(), id)
			}
		}
	}
}

// main has moved on since the branch left it.
func TestMergeBase(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "where they parted")
	parted := r.commit()
	r.git("checkout", "--quiet", "-b", "topic")
	r.write("golden/x", "of the branch")
	r.commit()
	r.git("checkout", "--quiet", "main")
	r.write("golden/x", "of main, since")
	r.commit()
	r.git("checkout", "--quiet", "--orphan", "stranger")
	r.commit()
	r.git("checkout", "--quiet", "topic")
	rev := open(t, r.dir, "main...")
	if got := files(t, rev)["x"]; got != "where they parted" || rev.Commit() != parted {
		t.Errorf("x is %q, of commit %s", got, rev.Commit())
	}
	for _, name := range []string{"stranger...", "nosuch...", "..."} {
		_, err := revision.Open(t.Context(), r.dir, name, "golden")
		if _, ok := errors.AsType[*revision.UnknownRevisionError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRevisionWithoutTheFolderIsEmpty(t *testing.T) {
	r := newRepository(t)
	r.write("README.md", "")
	r.commit()
	if got := files(t, open(t, r.dir, "HEAD")); len(got) != 0 {
		t.Errorf("files: %q", got)
	}
}

func TestUnknownRevisions(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "")
	r.commit()
	blob := r.git("rev-parse", "HEAD:golden/x")
	hooked := filepath.Join(r.dir, "written")
	for _, name := range []string{
		"", "nosuch", "HEAD~1", "-h", "--output=" + hooked, "--all", "main..HEAD", "HEAD\nmain", "HEAD\x00", blob, "HEAD:golden", "^HEAD",
	} {
		_, err := revision.Open(t.Context(), r.dir, name, "golden")
		unknown, ok := errors.AsType[*revision.UnknownRevisionError](err)
		if !ok || unknown.Name != name || unknown.Shallow {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestShallowClone(t *testing.T) {
	origin := newRepository(t)
	for i := range 3 {
		origin.write("golden/x", fmt.Sprint(i))
		origin.commit()
	}
	clone := repository{t, t.TempDir()}
	clone.git("clone", "--quiet", "--depth=1", "file://"+origin.dir, ".")
	_, err := revision.Open(t.Context(), clone.dir, "HEAD~2", "golden")
	unknown, ok := errors.AsType[*revision.UnknownRevisionError](err)
	if !ok || !unknown.Shallow || !strings.Contains(err.Error(), "git fetch --unshallow") {
		t.Errorf("a revision that a shallow clone lacks: %v", err)
	}
	if got := files(t, open(t, clone.dir, "HEAD"))["x"]; got != "2" {
		t.Errorf("HEAD of a shallow clone is %q", got)
	}
}

func TestNoRepository(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(dir))
	_, err := revision.Open(t.Context(), dir, "HEAD", "golden")
	if e, ok := errors.AsType[*revision.NotRepositoryError](err); !ok || e.Dir != dir {
		t.Errorf("a folder in no repository: %v", err)
	}
}

func TestNoGit(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := revision.Open(t.Context(), t.TempDir(), "HEAD", "golden"); !errors.Is(err, revision.ErrNoGit) {
		t.Errorf("without git: %v", err)
	}
}

// Git sets these for hooks; in one, the fleet's repository is still the one that
// its folder is in.
func TestEnvironmentOfHooks(t *testing.T) {
	other := newRepository(t)
	other.write("golden/x", "of another repository")
	other.commit()
	r := newRepository(t)
	r.write("fleet/golden/x", "right")
	r.commit()
	t.Setenv("GIT_DIR", filepath.Join(other.dir, ".git"))
	t.Setenv("GIT_WORK_TREE", other.dir)
	t.Setenv("GIT_INDEX_FILE", filepath.Join(other.dir, ".git", "index"))
	t.Setenv("GIT_PREFIX", "nowhere/")
	if got := files(t, open(t, filepath.Join(r.dir, "fleet"), "HEAD"))["x"]; got != "right" {
		t.Errorf("x is %q", got)
	}
}

// A repository's own configuration may name programs; reading a revision runs
// none, and the contents are the committed ones.
func TestRunsNothingOfTheRepository(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "content\n")
	r.write(".gitattributes", "* filter=evil diff=evil text eol=crlf\n")
	r.commit()
	ran := filepath.Join(t.TempDir(), "ran")
	program := "touch " + ran
	for _, key := range []string{
		"core.fsmonitor", "core.pager", "core.sshCommand", "core.editor", "filter.evil.smudge", "filter.evil.clean",
		"diff.evil.textconv", "diff.external", "alias.cat-file", "alias.ls-tree", "alias.rev-parse", "pager.ls-tree", "pager.cat-file",
	} {
		value := program
		if strings.HasPrefix(key, "alias.") {
			value = "!" + program
		}
		r.git("config", key, value)
	}
	if got := files(t, open(t, r.dir, "HEAD"))["x"]; got != "content\n" {
		t.Errorf("x is %q", got)
	}
	if _, err := os.Stat(ran); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a configured program ran (%v)", err)
	}
}

// What is neither a file nor a folder keeps its type, so that tree.Read refuses it.
func TestLinks(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "")
	if err := os.Symlink("/etc/passwd", filepath.Join(r.dir, "golden", "link")); err != nil {
		t.Fatal(err)
	}
	r.commit()
	rev := open(t, r.dir, "HEAD")
	if info, err := rev.Stat("link"); err != nil || info.Mode().Type() != fs.ModeSymlink {
		t.Errorf("the link is %v, %v", info, err)
	}
	if data, err := rev.ReadFile("link"); err == nil {
		t.Errorf("the link reads as %q", data)
	}
	if rev.Same("link", []byte("/etc/passwd")) {
		t.Error("a link is the same as a file of its target's name")
	}
	var failed error
	for _, err := range tree.Read(rev) {
		failed = err
	}
	if !errors.Is(failed, tree.ErrDisk) {
		t.Errorf("tree.Read gives %v", failed)
	}
}

func TestSame(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			r := newRepository(t, "--object-format="+format)
			r.write("golden/x", "content\n")
			r.write("golden/empty", "")
			r.commit()
			rev := open(t, r.dir, "HEAD")
			for _, c := range []struct {
				path, data string
				want       bool
			}{
				{"x", "content\n", true}, {"x", "content", false}, {"x", "", false},
				{"empty", "", true}, {"missing", "", false}, {".", "", false},
			} {
				if got := rev.Same(c.path, []byte(c.data)); got != c.want {
					t.Errorf("Same(%q, %q) is %v", c.path, c.data, got)
				}
			}
		})
	}
}

func TestManyReaders(t *testing.T) {
	r := newRepository(t)
	for i := range 50 {
		r.write(fmt.Sprintf("golden/%d", i), strings.Repeat(fmt.Sprint(i), 1000*i))
	}
	r.commit()
	rev := open(t, r.dir, "HEAD")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for i := range 50 {
				data, err := rev.ReadFile(fmt.Sprint(i))
				if err != nil || !bytes.Equal(data, bytes.Repeat([]byte(fmt.Sprint(i)), 1000*i)) {
					t.Errorf("file %d: %d bytes, %v", i, len(data), err)
				}
			}
		})
	}
	group.Wait()
}

// A file that the clone lacks is an error of that file alone.
func TestMissingContent(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "gone")
	r.write("golden/y", "there")
	r.commit()
	id := r.git("rev-parse", "HEAD:golden/x")
	rev := open(t, r.dir, "HEAD")
	if err := os.Remove(filepath.Join(r.dir, ".git", "objects", id[:2], id[2:])); err != nil {
		t.Fatal(err)
	}
	if data, err := rev.ReadFile("x"); err == nil || !strings.Contains(err.Error(), id) {
		t.Errorf("a lost file reads as %q, %v", data, err)
	}
	if data, err := rev.ReadFile("y"); string(data) != "there" {
		t.Errorf("the next file reads as %q, %v", data, err)
	}
}

func TestClose(t *testing.T) {
	r := newRepository(t)
	r.write("golden/x", "")
	r.commit()
	rev := open(t, r.dir, "HEAD")
	if err := rev.Close(); err != nil {
		t.Error(err)
	}
	if _, err := rev.ReadFile("x"); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("reading after Close: %v", err)
	}
	if err := rev.Close(); err != nil {
		t.Errorf("closing again: %v", err)
	}
	if entries, err := rev.ReadDir("."); err != nil || !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == "x" }) {
		t.Errorf("the listing after Close: %v, %v", entries, err)
	}
}
