package image_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/ci/image"
)

func TestMetadataIsThatOfTheLastCommitThatTouchedTheImage(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q", "-b", "trunk")
	write(t, filepath.Join(root, "inference/main.go"), "package main\n")
	want := commit(t, root, "the server")
	write(t, filepath.Join(root, "docs/x.md"), "x\n")
	commit(t, root, "something else")
	m, err := image.ReadMetadata(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	if m.Revision != want || m.Tag() != "main-"+want[:12] || m.Version != m.Tag() || m.Dirty {
		t.Errorf("%+v; want the first commit, %s", m, want)
	}
	if at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC); !m.Created.Equal(at) {
		t.Errorf("created %s, want the time of the commit, %s", m.Created, at)
	}
}

func TestMetadataCannotBeHad(t *testing.T) {
	root := t.TempDir()
	git(t, root, "init", "-q", "-b", "main")
	write(t, filepath.Join(root, "docs/x.md"), "x\n")
	commit(t, root, "nothing of the image")
	write(t, filepath.Join(root, "docs/x.md"), "y\n")
	commit(t, root, "a second, so that a clone can be shallow")
	shallow := filepath.Join(t.TempDir(), "shallow")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "-q", "--depth=1", "file://"+root, shallow).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for dir, want := range map[string]string{
		t.TempDir(): "not a git repository",
		root:        "no commit",
		shallow:     "fetch-depth: 0",
	} {
		if _, err := image.ReadMetadata(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q in it", err, want)
		}
	}
}
