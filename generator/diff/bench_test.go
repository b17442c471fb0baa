package diff_test

import (
	"io/fs"
	"os"
	"os/exec"
	"testing"

	"github.com/mlfleet/mlfleet/generator/diff"
	"github.com/mlfleet/mlfleet/generator/manifest"
	"github.com/mlfleet/mlfleet/generator/revision"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// BenchmarkRevision compares the sample's tree with an equal one of a Git
// revision: by the hashes that Git has of its files, and by reading them.
func BenchmarkRevision(b *testing.B) {
	files := sampleTree(b)
	dir := b.TempDir()
	writer := tree.Writer{Root: dir + "/golden", Header: manifest.Header}
	if _, err := writer.Write(b.Context(), files.Files()); err != nil {
		b.Fatal(err)
	}
	for _, args := range [][]string{
		{"init", "--quiet"},
		{"add", "--all"},
		{"-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "--quiet", "--message", "x"},
	} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	bench := func(name string, old func(*revision.Revision) fs.FS) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				rev, err := revision.Open(b.Context(), dir, "HEAD", "golden")
				if err != nil {
					b.Fatal(err)
				}
				d, err := diff.Trees(old(rev), files.Files())
				if err != nil || !d.Empty() {
					b.Fatal(d, err)
				}
				if err := rev.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bench("hashes", func(r *revision.Revision) fs.FS { return r })
	bench("contents", func(r *revision.Revision) fs.FS { return struct{ fs.ReadDirFS }{r} })
}

// BenchmarkFolder compares the sample's tree with an equal one on disk.
func BenchmarkFolder(b *testing.B) {
	files := sampleTree(b)
	dir := b.TempDir()
	if _, err := (tree.Writer{Root: dir, Header: manifest.Header}).Write(b.Context(), files.Files()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if d, err := diff.Trees(os.DirFS(dir), files.Files()); err != nil || !d.Empty() {
			b.Fatal(d, err)
		}
	}
}
