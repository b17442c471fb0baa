package generator_test

import (
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// What is committed is what the inputs give.
func TestGoldenIsCurrent(t *testing.T) {
	_, files := sample(t)
	committed, err := tree.Collect(tree.Read(os.DirFS("../golden")))
	if err != nil {
		t.Fatal(err)
	}
	if stale := changed(committed, files); len(stale) > 0 {
		t.Errorf("%d files of golden/ are not what the inputs give: run make generate and commit golden/", len(stale))
		for _, path := range stale[:min(10, len(stale))] {
			t.Errorf("  golden/%s", path)
		}
	}
}

// The same inputs give the same files in the same order: in every run, and
// however many processors share the work.
func TestRenderIsDeterministic(t *testing.T) {
	var want []tree.File
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, processors := range []int{1, 1, 3, 8} {
		runtime.GOMAXPROCS(processors)
		f, err := generator.Load(os.DirFS(".."))
		if err != nil {
			t.Fatal(err)
		}
		var got []tree.File
		for file, err := range generator.Render(f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, tree.File{Path: file.Path, Data: slices.Clone(file.Data)})
		}
		if want == nil {
			want = got
			continue
		}
		if len(got) != len(want) {
			t.Fatalf("%d files on %d processors, %d on one", len(got), processors, len(want))
		}
		for i := range got {
			if got[i].Path != want[i].Path || string(got[i].Data) != string(want[i].Data) {
				t.Fatalf("file %d on %d processors is %s, on one it was %s, or differs in it", i, processors, got[i].Path, want[i].Path)
			}
		}
	}
}

// A reader that stops early gets no more, and hangs nobody.
func TestRenderStopsWithItsReader(t *testing.T) {
	f, _ := sample(t)
	before := runtime.NumGoroutine()
	for range 5 {
		read := 0
		for range generator.Render(f) {
			if read++; read == 3 {
				break
			}
		}
	}
	for range 1000 { // what was begun ends by itself
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left of %d before", runtime.NumGoroutine(), before)
}
