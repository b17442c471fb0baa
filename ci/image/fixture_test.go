package image_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/ci/image"
)

// downloads keeps what the tests fetch from one run to the next.
const downloads = "../.cache"

// checkout is a Git repository with what goes into the image, as it lies in the
// working tree around this package, and nothing else: what Inputs forgets is
// missing in it. One commit holds everything.
func checkout(t testing.TB) string {
	t.Helper()
	root := t.TempDir()
	source, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// A working tree without Git's history (a release archive) has no list of
	// files; these tests are about commits and need one.
	list := git(t, source, append([]string{"ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"}, image.Inputs...)...)
	for name := range strings.SplitSeq(strings.TrimRight(list, "\x00"), "\x00") {
		body, err := os.ReadFile(filepath.Join(source, name))
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(root, name), string(body))
	}
	git(t, root, "init", "-q", "-b", "main")
	commit(t, root, "everything")
	return root
}

// clone is another checkout of the same commit.
func clone(t testing.TB, root string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "elsewhere", "mlfleet")
	if out, err := exec.CommandContext(t.Context(), "git", "clone", "-q", "--no-local", root, dir).CombinedOutput(); err != nil {
		t.Fatalf("git clone: %v\n%s", err, out)
	}
	return dir
}

// cache is an empty cache of layers beside the downloads of earlier runs.
func cache(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, kept := range []string{"onnxruntime", "debian"} {
		target, err := filepath.Abs(filepath.Join(downloads, kept))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(target, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, kept)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// commit commits everything. Its time and its author are fixed.
func commit(t testing.TB, root, message string) string {
	t.Helper()
	git(t, root, "add", "--all", "--force")
	git(t, root, "commit", "-q", "--allow-empty", "-m", message)
	return strings.TrimSpace(git(t, root, "rev-parse", "HEAD"))
}

func git(t testing.TB, root string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", root}, args...)...)
	cmd.Env = append(os.Environ(),
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
		"GIT_CONFIG_GLOBAL=/dev/null")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

func write(t testing.TB, file, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changeServer commits a change of the server alone.
func changeServer(t testing.TB, root, name string) {
	t.Helper()
	write(t, filepath.Join(root, "inference/cmd/mlfleet-inference/change.go"),
		"package main\n\nimport \"os\"\n\nvar change = os.Getenv(\""+name+"\")\n")
	commit(t, root, "change the server")
}

// sums writes the sample model's SHA256SUMS anew.
func sums(t testing.TB, root string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "sha256sum config.json model.onnx >SHA256SUMS")
	cmd.Dir = filepath.Join(root, "inference/models/sentiment/1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// only is a folder with links to some programs.
func only(t testing.TB, programs ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range programs {
		path, err := exec.LookPath(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// build builds and fails the test if that fails.
func build(t testing.TB, b image.Build) *image.Result {
	t.Helper()
	r, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}
