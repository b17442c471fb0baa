package image_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/image"
)

// What Git was told to overlook is compiled by no build that says it is a commit's:
// the digest stays the commit's.
func TestWhatIsNotCommittedIsNotBuilt(t *testing.T) {
	const server, hidden = "inference/cmd/mlfleet-inference/main.go", "inference/cmd/mlfleet-inference/hidden.go"
	const evil = "package main\n\nimport \"os\"\n\nvar hidden = os.Getenv(\"EVIL\")\n"
	clean := checkout(t)
	want := build(t, image.Build{Root: clean, Cache: downloads, Architectures: []string{"amd64"}})
	for name, hide := range map[string]func(t *testing.T, root string){
		"git/info/exclude": func(t *testing.T, root string) {
			write(t, filepath.Join(root, ".git/info/exclude"), "hidden.go\n")
			write(t, filepath.Join(root, hidden), evil)
		},
		"core.excludesFile": func(t *testing.T, root string) {
			ignored := filepath.Join(t.TempDir(), "ignored")
			write(t, ignored, "hidden.go\n")
			git(t, root, "config", "core.excludesFile", ignored)
			write(t, filepath.Join(root, hidden), evil)
		},
		".gitignore": func(t *testing.T, root string) {
			write(t, filepath.Join(root, "inference/cmd/.gitignore"), "hidden.go\n")
			write(t, filepath.Join(root, hidden), evil)
		},
		"assume-unchanged": func(t *testing.T, root string) {
			git(t, root, "update-index", "--assume-unchanged", server)
			write(t, filepath.Join(root, server), text(t, root, server)+"\nvar hidden = os.Getenv(\"EVIL\")\n")
		},
		"skip-worktree": func(t *testing.T, root string) {
			git(t, root, "update-index", "--skip-worktree", "inference/models/sentiment/1/config.json")
			write(t, filepath.Join(root, "inference/models/sentiment/1/config.json"), "{}\n")
			git(t, root, "update-index", "--skip-worktree", "inference/models/sentiment/1/SHA256SUMS")
			sums(t, root)
		},
		"git replace": func(t *testing.T, root string) {
			write(t, filepath.Join(root, server), text(t, root, server)+"\nvar hidden = os.Getenv(\"EVIL\")\n")
			other := strings.TrimSpace(git(t, root, "hash-object", "-w", server))
			git(t, root, "replace", strings.TrimSpace(git(t, root, "rev-parse", "HEAD:"+server)), other)
			git(t, root, "checkout", "-q", "--", server)
			git(t, root, "update-index", "--assume-unchanged", server)
		},
		"a filter of this machine": func(t *testing.T, root string) {
			write(t, filepath.Join(root, ".git/info/attributes"), "LICENSE filter=evil\n")
			git(t, root, "config", "filter.evil.clean", "sed s/Evilll/Apache/g")
			git(t, root, "config", "filter.evil.smudge", "sed s/Apache/Evilll/g")
			write(t, filepath.Join(root, "LICENSE"), strings.ReplaceAll(text(t, root, "LICENSE"), "Apache", "Evilll"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			root := clone(t, clean)
			hide(t, root)
			// Allowing a dirty build is not what makes one.
			got := build(t, image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}, AllowDirty: true})
			if got.Metadata.Dirty {
				t.Fatalf("it is dirty for Git too: %q; this test is about what Git does not tell", got.Metadata.Changed)
			}
			if got.Digest != want.Digest || got.Metadata.Tag() != want.Metadata.Tag() {
				t.Errorf("%s (%s) became %s (%s), and the commit is the same", want.Digest, want.Metadata.Tag(), got.Digest, got.Metadata.Tag())
			}
		})
	}
}

func TestLinkInTheCommitIsRefused(t *testing.T) {
	root := checkout(t)
	if err := errors.Join(os.Remove(filepath.Join(root, "LICENSE")), os.Symlink("/etc/passwd", filepath.Join(root, "LICENSE"))); err != nil {
		t.Fatal(err)
	}
	commit(t, root, "a link")
	_, err := image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}}.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "LICENSE is a link or a submodule") {
		t.Errorf("%v; want the link's name", err)
	}
}

// Folders may have names that mean something to a glob.
func TestFolderWithAGlobsNameIsBuilt(t *testing.T) {
	parent := checkout(t)
	root := filepath.Join(t.TempDir(), "[ab]*")
	if err := os.Rename(parent, root); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "inference/server/new.go"), "package server\n") // so that Root itself is built
	b := image.Build{Root: root, Cache: downloads, Architectures: []string{"amd64"}, AllowDirty: true}
	dirty := build(t, b)
	var uris strings.Builder
	for _, m := range dirty.Materials {
		uris.WriteString(m.URI + "\n")
	}
	if !dirty.Metadata.Dirty || !strings.Contains(uris.String(), "/inference/models/sentiment/1/SHA256SUMS\n") {
		t.Errorf("dirty: %t; the model is not among the materials:\n%s", dirty.Metadata.Dirty, &uris)
	}
}

func text(t testing.TB, root, file string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
