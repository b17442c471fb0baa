package tree_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// version makes one of the two trees between which the killed runs go back and
// forth: files that stay equal, change, go with their folders and come with
// them, small and large, and a file that becomes a folder and back.
func version(name string) tree.Tree {
	t := tree.Tree{}
	for i := range 80 {
		t[fmt.Sprintf("tenants/t%02d/same.yaml", i%20)] = file("the same")
		t[fmt.Sprintf("tenants/t%02d/changed-%d.yaml", i%20, i)] = file(strings.Repeat(name+" ", 300+i))
		t[fmt.Sprintf("tenants/only-%s-%d/deep/er/%d.yaml", name, i%10, i)] = file(strings.Repeat(name, 2000))
	}
	for i := range 8 {
		t[fmt.Sprintf("large/%d.yaml", i)] = file(strings.Repeat(name+" large ", 30_000))
	}
	if name == "A" {
		t["swap/one"] = file(name)
		t["swap/two/x/y"] = file(name)
	} else {
		t["swap/one/x/y"] = file(name)
		t["swap/two"] = file(name)
	}
	return t
}

// writeUntilKilled says on standard output, a byte a file, how far it is.
func writeUntilKilled() error {
	w := writer(os.Getenv("TREE_TEST_ROOT"))
	w.Progress = func(int) { os.Stdout.Write([]byte{'.'}) }
	_, err := w.Write(context.Background(), version(os.Getenv("TREE_TEST_VERSION")).Files())
	return err
}

// kills is how many runs TestKilledAnywhere kills.
func kills(t *testing.T) int {
	if s := os.Getenv("TREE_TEST_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("TREE_TEST_KILLS=%q: %v", s, err)
		}
		return n
	}
	if testing.Short() {
		return 40
	}
	return 200
}

// A process is killed at a random moment while it turns one tree into another.
// Each file must be the old or the new one, and the next run must complete.
func TestKilledAnywhere(t *testing.T) {
	root := filepath.Join(scratch(t), "golden")
	trees := map[string]tree.Tree{"A": version("A"), "B": version("B")}
	write(t, root, trees["A"])
	old, next := "A", "B"

	runs, middle, leftovers := kills(t), 0, 0
	for n := range runs {
		killOneRun(t, root, next, rand.IntN(len(trees[next])+1), time.Duration(rand.IntN(400))*time.Microsecond)

		isOld, isNew, leftover, err := eachOldOrNew(root, trees[old], trees[next])
		if err != nil {
			t.Fatalf("kill %d, from %s to %s:\n%v", n, old, next, err)
		}
		if !isOld && !isNew {
			middle++
		}
		if leftover {
			leftovers++
		}
		write(t, root, trees[next])
		if err := exactly(root, trees[next]); err != nil {
			t.Fatalf("the run after kill %d, from %s to %s, left:\n%v", n, old, next, err)
		}
		old, next = next, old
	}
	t.Logf("%d kills: %d in the middle of the tree, %d in the middle of a file", runs, middle, leftovers)
	if middle < runs/4 { // four of five, on an idle machine
		t.Errorf("only %d of %d kills met the run in its middle: the test proves too little", middle, runs)
	}
}

// killOneRun starts a run and kills it once it is done with so many files, and
// a little later.
func killOneRun(t *testing.T, root, version string, files int, later time.Duration) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"=write", "TREE_TEST_ROOT="+root, "TREE_TEST_VERSION="+version)
	cmd.Stderr = os.Stderr
	progress, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, bufio.NewReaderSize(progress, 16), int64(files)); err != nil {
		t.Errorf("the run ended before its file %d: %v", files, err)
	}
	for until := time.Now().Add(later); time.Now().Before(until); { // a sleep would be too coarse
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("the run failed by itself: %v", err)
	}
}

// eachOldOrNew checks the promise of an interrupted run from one tree to another.
func eachOldOrNew(root string, old, next tree.Tree) (isOld, isNew, leftover bool, err error) {
	all, err := everything(root)
	if err != nil {
		return false, false, false, err
	}
	var errs []error
	isOld, isNew = true, true
	for p, got := range all {
		if filepath.Base(p) == ".mlfleet-write.tmp" {
			if leftover {
				errs = append(errs, fmt.Errorf("%s is a second temporary file", p))
			}
			leftover = true
			continue
		}
		if strings.HasSuffix(p, "/") {
			continue
		}
		was, inOld := old[p]
		will, inNew := next[p]
		asOld, asNew := inOld && got == string(was), inNew && got == string(will)
		isOld, isNew = isOld && asOld, isNew && asNew
		if !asOld && !asNew {
			errs = append(errs, fmt.Errorf("%s is neither old nor new: %d bytes, old %d, new %d", p, len(got), len(was), len(will)))
		}
	}
	for p := range old {
		if _, there := all[p]; there {
			continue
		}
		isOld = false
		if _, stays := next[p]; stays {
			errs = append(errs, fmt.Errorf("%s is missing", p))
		}
	}
	for p := range next {
		if _, there := all[p]; !there {
			isNew = false
		}
	}
	return isOld, isNew, leftover, errors.Join(errs...)
}
