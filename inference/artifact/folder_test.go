package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mlfleet/mlfleet/inference/sums"
)

// onDisk is an artifact on the local file system with these files, and the
// options to fetch it.
func onDisk(t *testing.T, files map[string]string) (dir string, o Options) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sha, err := sums.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, Options{
		Source: folder(dir), SHA256: sha, Root: t.TempDir(), Model: "m", Version: "3",
		MaxBytes: 1 << 40, Patience: time.Minute, Backoff: time.Millisecond,
	}
}

func TestAFileNamedLikeADownloadIsFetchedToo(t *testing.T) {
	_, o := onDisk(t, map[string]string{"x": strings.Repeat("x", 1000), "x.part": "another", "model.onnx": "m", "model.onnx.part": "n"})
	for i := range 20 { // they are fetched at once, in any order
		o.Version = fmt.Sprint(i)
		if err := Fetch(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got, err := sums.Verify(t.Context(), filepath.Join(o.Root, "m", o.Version)); err != nil || got != o.SHA256 {
			t.Fatalf("got %s, %v", got, err)
		}
	}
}

func TestWhatIsFetchedIsVerifiedBeforeItIsSeen(t *testing.T) {
	_, o := onDisk(t, map[string]string{"model.onnx": "m"})
	staging := filepath.Join(o.Root, "m", ".staging-3-"+o.SHA256[:12])
	if err := os.MkdirAll(staging, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(staging, "config.json"), []byte("planted"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Fetch(t.Context(), o); !errors.Is(err, sums.ErrMismatch) || visible(o) {
		t.Errorf("got %v, visible %v", err, visible(o))
	}
}

func TestAHashInCapitalsIsTheSame(t *testing.T) {
	_, o := onDisk(t, map[string]string{"model.onnx": "m"})
	o.SHA256 = strings.ToUpper(o.SHA256)
	for range 2 { // the second time it is there already
		if err := Fetch(t.Context(), o); err != nil {
			t.Error(err)
		}
	}
}

// TestOnlyFilesOfTheFolderAreRead has something else in the place of a file, and
// wants an error that is not tried again.
func TestOnlyFilesOfTheFolderAreRead(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("m"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		put  func(path string) error
		want string
	}{
		"a link out of it": {func(p string) error { return os.Symlink(outside, p) }, "escapes"},
		"a pipe":           {func(p string) error { return unix.Mkfifo(p, 0o600) }, "not a regular file"},
		"a folder":         {func(p string) error { return os.Mkdir(p, 0o700) }, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := onDisk(t, map[string]string{"model.onnx": "m"})
			model := filepath.Join(dir, "model.onnx")
			if err := errors.Join(os.Remove(model), tc.put(model)); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- Fetch(ctx, o) }()
			select {
			case err := <-done:
				if err == nil || !strings.Contains(err.Error(), tc.want) || ctx.Err() != nil || visible(o) {
					t.Errorf("got %v, visible %v", err, visible(o))
				}
			case <-time.After(10 * time.Second):
				t.Error("the fetch does not end")
			}
		})
	}
	t.Run("a link within it", func(t *testing.T) {
		dir, o := onDisk(t, map[string]string{"model.onnx": "m", "data": "m"})
		model := filepath.Join(dir, "model.onnx")
		if err := errors.Join(os.Remove(model), os.Symlink("data", model)); err != nil {
			t.Fatal(err)
		}
		if err := Fetch(t.Context(), o); err != nil {
			t.Error(err)
		}
	})
}

// TestAFetchFromAFolderEndsWithItsTime reads a file that takes longer than the
// fetch may.
func TestAFetchFromAFolderEndsWithItsTime(t *testing.T) {
	dir, o := onDisk(t, map[string]string{"model.onnx": "m"})
	if err := os.Truncate(filepath.Join(dir, "model.onnx"), 1<<38); err != nil { // takes no room on the disk
		t.Fatal(err)
	}
	o.MaxBytes = 1 << 28 // in case that it does not end
	ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Millisecond, errors.New("gave up"))
	defer cancel()
	if err := Fetch(ctx, o); err == nil || !strings.Contains(err.Error(), "gave up") {
		t.Errorf("got %v", err)
	}
	read := int64(0)
	if err := filepath.WalkDir(o.Root, func(_ string, d fs.DirEntry, err error) error {
		if info, infoErr := d.Info(); err == nil && infoErr == nil && info.Mode().IsRegular() {
			read += info.Size()
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if read >= o.MaxBytes/2 {
		t.Errorf("%d bytes were read all the same", read)
	}
}
