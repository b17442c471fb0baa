package generator_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
	"github.com/mlfleet/mlfleet/generator/tree"
)

// FuzzLoad puts any bytes in place of one file of a good fleet. Loading it
// neither panics nor takes long; what it refuses has a place and a reason, and
// what it takes can be rendered.
func FuzzLoad(f *testing.F) {
	good := fleettest.Small(f)
	paths := slices.Sorted(maps.Keys(good))
	for i, path := range paths {
		f.Add(uint8(i), good[path].Data)
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		inputs := maps.Clone(good)
		path := paths[int(which)%len(paths)]
		inputs[path] = &fstest.MapFile{Data: data}
		start := time.Now()
		loaded, err := generator.Load(inputs)
		if took := time.Since(start); took > 20*time.Second {
			t.Fatalf("took %v", took)
		}
		if err == nil {
			if _, err := tree.Collect(generator.Render(loaded)); err != nil {
				t.Fatalf("it loads, and does not render: %v", err)
			}
			return
		}
		findings, ok := errors.AsType[fleet.Findings](err)
		if !ok {
			t.Fatal(err)
		}
		for _, f := range findings {
			if f.File == "" || f.Message == "" || f.Line > 0 && f.Column < 1 {
				t.Errorf("%+v", f)
			}
		}
	})
}
