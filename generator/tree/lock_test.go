package tree_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/tree"
)

// during starts a run and stops it in the middle of its stream, with the lock
// held, while something else happens.
func during(t *testing.T, w tree.Writer, stream tree.Tree, other func()) {
	t.Helper()
	inside, goOn := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := w.Write(t.Context(), func(yield func(tree.File, error) bool) {
			close(inside)
			<-goOn
			stream.Files()(yield)
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	other()
	close(goOn)
	wg.Wait()
}

func TestSecondRunSaysWhoHoldsTheLock(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	first, second := of("a", "1"), of("a", "2")
	during(t, writer(root), first, func() {
		_, err := writer(root).Write(t.Context(), second.Files())
		locked, ok := errors.AsType[*tree.LockedError](err)
		if !ok || !errors.Is(err, tree.ErrDisk) {
			t.Errorf("got %v, want a LockedError", err)
			return
		}
		if runtime.GOOS == "linux" && (locked.PID != os.Getpid() || !strings.Contains(err.Error(), fmt.Sprintf("process %d (", os.Getpid()))) {
			t.Errorf("%q does not name process %d", err, os.Getpid())
		}
		dry := writer(root)
		dry.DryRun = true
		if _, err := dry.Write(t.Context(), second.Files()); !errors.Is(err, tree.ErrDisk) {
			t.Errorf("a dry run in the middle of a run gave %v", err)
		}
	})
	holds(t, root, first) // no lock file either
}

func TestSecondRunWaits(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	var wg sync.WaitGroup
	second := of("a", "2", "b", "2")
	during(t, writer(root), of("a", "1", "c", "1"), func() {
		w := writer(root)
		w.Wait = time.Minute
		wg.Go(func() {
			if _, err := w.Write(t.Context(), second.Files()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(50 * time.Millisecond) // lets it meet the lock; it passes either way
	})
	wg.Wait()
	holds(t, root, second)
}

func TestWaitEnds(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	during(t, writer(root), of("a", "1"), func() {
		w := writer(root)
		w.Wait = 60 * time.Millisecond
		started := time.Now()
		_, err := w.Write(t.Context(), of("a", "2").Files())
		locked, ok := errors.AsType[*tree.LockedError](err)
		if !ok || locked.Waited != w.Wait || time.Since(started) < w.Wait {
			t.Errorf("got %v after %v", err, time.Since(started))
		}
		w.Wait = time.Hour
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Millisecond)
		defer cancel()
		if _, err := w.Write(ctx, of("a", "2").Files()); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, tree.ErrDisk) {
			t.Errorf("got %v, want the context's end", err)
		}
	})
}

// The first run makes the folder, fails and takes it back while the second
// waits for it: the second must make its own, not write into nothing.
func TestWaitForARunThatTakesItsFolderBack(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	broken := errors.New("cannot render")
	var second sync.WaitGroup
	_, err := writer(root).Write(t.Context(), func(yield func(tree.File, error) bool) {
		w := writer(root)
		w.Wait = time.Minute
		second.Go(func() {
			if _, err := w.Write(t.Context(), of("a", "2").Files()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(50 * time.Millisecond)
		yield(tree.File{}, broken)
	})
	if err != broken {
		t.Error(err)
	}
	second.Wait()
	holds(t, root, of("a", "2"))
}

// The folder is moved away while a run waits for it, and another is in its
// place: what the waiting run gets is a lock on the old one, which it must not
// take for the new one's.
func TestWaitForAFolderThatIsMovedAway(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	var second sync.WaitGroup
	during(t, writer(root), of("a", "1"), func() {
		w := writer(root)
		w.Wait = time.Minute
		second.Go(func() {
			if _, err := w.Write(t.Context(), of("a", "2").Files()); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(50 * time.Millisecond)
		if err := os.Rename(root, root+"-moved"); err != nil {
			t.Error(err)
		}
		put(t, root, "b", file("stale"))
	})
	second.Wait()
	holds(t, root+"-moved", of("a", "1"))
	holds(t, root, of("a", "2"))
}

func TestManyRunsAtOnce(t *testing.T) {
	root := filepath.Join(t.TempDir(), "golden")
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			want := tree.Tree{}
			for i := range 20 {
				want[fmt.Sprintf("run-%d/%d", n, i)] = file(fmt.Sprint(n))
			}
			w := writer(root)
			w.Wait = time.Minute
			if _, err := w.Write(t.Context(), want.Files()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := tree.Collect(tree.Read(os.DirFS(root)))
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string]int{}
	for p := range got {
		runs[filepath.Dir(p)]++
	}
	if len(runs) != 1 || len(got) != 20 {
		t.Errorf("the folder holds files of more than the last run: %v", runs)
	}
}
