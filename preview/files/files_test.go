package files

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository is a Git repository with a fleet in one of its folders.
func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Fatal("these tests need git: ", err)
	}
	top := t.TempDir()
	run(t, top, "init", "-q", "-b", "main")
	write(t, top, "fleets/one/golden/a.yaml", "first: 1\n")
	write(t, top, "fleets/one/golden/deep/b ö.yaml", "second: 2\n\n")
	write(t, top, "fleets/one/golden/empty.yml", "")
	write(t, top, "fleets/one/golden/README.md", "no manifest")
	write(t, top, "fleets/one/regions/r.json", "{}")
	write(t, top, "elsewhere/golden/c.yaml", "not: ours\n")
	run(t, top, "add", "-A")
	run(t, top, "commit", "-q", "-m", "one")
	return top
}

func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=A", "-c", "user.email=a@mlfleet.example"}, args...)...)
	cmd.Dir, cmd.Env = dir, append(environment(os.Environ()), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

// What a revision holds is what the working tree held when it was committed, also in a
// folder of the repository, and whatever has happened since.
func TestRevisionIsTheFolder(t *testing.T) {
	top := repository(t)
	fleet := filepath.Join(top, "fleets/one")
	want, _, err := Folder(os.DirFS(fleet), "golden", "regions", "missing")
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(want))
	if got := strings.Join(names, " "); got != "golden/a.yaml golden/deep/b ö.yaml golden/empty.yml regions/r.json" {
		t.Fatalf("the folder holds %s", got)
	}
	write(t, fleet, "golden/a.yaml", "later: 3\n")
	for _, name := range []string{"HEAD", "main", "main..."} {
		got, _, err := Revision(t.Context(), fleet, name, "golden", "regions", "missing")
		if err != nil {
			t.Fatal(err)
		}
		if !maps.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("revision %s holds %q, not %q", name, got, want)
		}
	}
}

// "main..." is where HEAD left main, and not what main has become.
func TestMergeBase(t *testing.T) {
	top := repository(t)
	run(t, top, "switch", "-q", "-c", "topic")
	run(t, top, "switch", "-q", "main")
	write(t, top, "fleets/one/golden/a.yaml", "merged: later\n")
	run(t, top, "commit", "-q", "-a", "-m", "two")
	run(t, top, "switch", "-q", "topic")
	for name, want := range map[string]string{"main": "merged: later\n", "main...": "first: 1\n"} {
		got, _, err := Revision(t.Context(), filepath.Join(top, "fleets/one"), name, "golden")
		if err != nil {
			t.Fatal(err)
		}
		if string(got["golden/a.yaml"]) != want {
			t.Errorf("%s has %q, not %q", name, got["golden/a.yaml"], want)
		}
	}
}

// A name that is no revision is said to be none, and is never an option of git's.
func TestUnknownRevision(t *testing.T) {
	top := repository(t)
	for _, name := range []string{"nobody", "nobody...", "", "--help", "^main", "main:fleets", "a\nb"} {
		_, _, err := Revision(t.Context(), top, name, "golden")
		if _, ok := errors.AsType[*UnknownRevisionError](err); !ok {
			t.Errorf("revision %q: %v", name, err)
		}
	}
	for name, want := range map[string]string{
		"nobody":      "has no revision \"nobody\": fetch it",
		"main..main":  `"main..main" is a range, and one commit is wanted`,
		"main:fleets": `"main:fleets" is no commit, but something in one`,
	} {
		if _, _, err := Revision(t.Context(), top, name, "golden"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := Revision(t.Context(), t.TempDir(), "HEAD", "golden"); err == nil {
		t.Error("a folder outside of any repository has a revision")
	}
}

// What Argo CD could not read is a finding at the file, and the others are read.
func TestUnreadable(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "fleet")
	write(t, dir, "golden/a.yaml", "first: 1\n")
	write(t, dir, "golden/large.yaml", strings.Repeat("#", MaxSize+1))
	write(t, top, "secret.yaml", "secret: 1\n")
	for name, to := range map[string]string{
		"in.yaml": "a.yaml", "nowhere.yaml": "b.yaml", "out.yaml": "../../secret.yaml", "absolute.yaml": filepath.Join(top, "secret.yaml"), "folder.yaml": ".",
	} {
		if err := os.Symlink(to, filepath.Join(dir, "golden", name)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	got, found, err := Folder(root.FS(), "golden")
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(slices.Sorted(maps.Keys(got)), " "); names != "golden/a.yaml golden/in.yaml" {
		t.Errorf("read are %s", names)
	}
	var said []string
	for _, f := range found {
		said = append(said, f.String())
	}
	want := `golden/absolute.yaml: this link leads out of the fleet, and Argo CD reads nothing of a repository with a link that leads out of it — put the file in its place, or remove it [unreadable]
golden/large.yaml: the file has 10485761 bytes, and Argo CD reads no more than 10485760 — run 'mlfleet generate' [unreadable]
golden/nowhere.yaml: this link leads nowhere, and Argo CD passes over it — put the file in its place, or remove it [unreadable]
golden/out.yaml: this link leads out of the fleet, and Argo CD reads nothing of a repository with a link that leads out of it — put the file in its place, or remove it [unreadable]`
	if strings.Join(said, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), want)
	}
}

// A file that is too large in a revision does not keep the others from being read.
func TestTooLargeInARevision(t *testing.T) {
	top := repository(t)
	write(t, top, "fleets/one/golden/b.yaml", strings.Repeat("#", MaxSize+1))
	run(t, top, "add", "-A")
	run(t, top, "commit", "-q", "-m", "two")
	got, found, err := Revision(t.Context(), filepath.Join(top, "fleets/one"), "HEAD", "golden")
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || len(found) != 1 || found[0].File != "golden/b.yaml" {
		t.Errorf("read are %d files, and found %v", len(got), found)
	}
}

// Whatever git prints, reading it ends, and what is read was listed.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte("100644 blob 6b584e8\tgolden/a.yaml\x00120000 blob 1\tlink.yaml\x00"), []byte("6b584e8 blob 3\nabc\n"))
	f.Add([]byte("100644 blob 1\ta.yaml\x00"), []byte("1 missing\n"))
	f.Add([]byte("100644 blob 1\ta.yaml\x00"), []byte("1 blob 99999999999999999999\n"))
	f.Add([]byte("100644 blob 1\ta.yaml\x00"), []byte("1 blob -1\n\n"))
	f.Fuzz(func(t *testing.T, listing, contents []byte) {
		blobs, err := parseListing(listing)
		if err != nil {
			return
		}
		got, _, err := blobs.files(contents, "")
		if err == nil && len(got) > len(blobs) {
			t.Errorf("%d blobs are %d files", len(blobs), len(got))
		}
	})
}
