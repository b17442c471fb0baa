package tree_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Files are 0644 and folders 0755, less what the user's umask takes away.
func TestModes(t *testing.T) {
	for _, tc := range []struct {
		umask        int
		file, folder os.FileMode
	}{
		{0o000, 0o644, 0o755},
		{0o077, 0o600, 0o700},
	} {
		defer syscall.Umask(syscall.Umask(tc.umask))
		root := filepath.Join(t.TempDir(), "golden")
		write(t, root, of("a/b", "1"))
		for p, want := range map[string]os.FileMode{"": tc.folder, "a": tc.folder, "a/b": tc.file} {
			if got := stat(t, filepath.Join(root, p)).Mode().Perm(); got != want {
				t.Errorf("umask %#o: %q has mode %#o, want %#o", tc.umask, p, got, want)
			}
		}
	}
}
