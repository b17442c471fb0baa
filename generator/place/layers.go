package place

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// layer is one source of settings, such as the defaults of a tier.
type layer struct {
	name string
	root *input.Value // nil where the source says nothing
}

// stack is layers of settings in order: the last one that sets a value wins.
// Merged values keep their own places, and the stack tells which layer each is
// from, so nothing has to be noted down while merging.
type stack []layer

// merged is the settings that come out.
func (s stack) merged() *input.Value {
	var out *input.Value
	for _, l := range s {
		out = out.Merge(l.root)
	}
	return out
}

// Origin implements fleet.Origins.
func (s stack) Origin(path ...string) fleet.Origin {
	for n := len(path); n >= 0; n-- {
		for _, l := range slices.Backward(s) {
			if l.root == nil {
				continue
			}
			if v := l.root.At(path[:n]...); v != nil {
				return fleet.Origin{Position: v.Position, Layer: l.name}
			}
		}
	}
	return fleet.Origin{}
}
