package scaffold

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// When writing fails in the middle, what was written is taken back, and nothing else.
func TestFailureTakesBackWhatWasWritten(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"kept", "kept/too"} {
		if err := root.Mkdir(name, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := root.WriteFile("kept/too/theirs", nil, 0o666); err != nil {
		t.Fatal(err)
	}
	err = writeAll(root, []tree.File{{Path: "a/b/c"}, {Path: "a/d"}, {Path: "kept/too/x"}, {Path: "a/d/below-a-file"}})
	if !errors.Is(err, tree.ErrDisk) || !strings.Contains(err.Error(), "a/d/below-a-file") {
		t.Errorf("the error is %v", err)
	}
	var left []string
	for f, err := range tree.Read(root.FS()) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, f.Path)
	}
	if _, err := root.Stat("a"); !slices.Equal(left, []string{"kept/too/theirs"}) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left are %q, and the folder a: %v", left, err)
	}
	if err := writeAll(root, []tree.File{{Path: "kept/too/theirs", Data: []byte("mine")}}); !errors.Is(err, os.ErrExist) {
		t.Errorf("overwriting gives %v", err)
	}
}
