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

// whole is the setting that a layer replaces instead of adding to it: how many
// GPUs, and how they are shared, is said of a class, and means nothing of another.
const whole = "gpu"

// merged is the settings that come out.
func (s stack) merged() *input.Value {
	var out *input.Value
	for _, l := range s {
		if out != nil && l.root.Get(whole) != nil {
			out = out.Without(whole)
		}
		out = out.Merge(l.root)
	}
	return out
}

// Origin implements fleet.Origins.
func (s stack) Origin(path ...string) fleet.Origin {
	s = s.visible(path)
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

// rank is the height in the stack of the layer that a value is from.
func (s stack) rank(path []string) int {
	from := s.Origin(path...)
	return slices.IndexFunc(s, func(l layer) bool { return l.name == from.Layer })
}

// visible are the layers that a value can be from: without those whose setting
// was replaced by a higher one. The schema's defaults, lowest, fill every gap.
func (s stack) visible(path []string) stack {
	if len(path) == 0 || path[0] != whole {
		return s
	}
	for i, l := range slices.Backward(s) {
		if i > 0 && l.root.Get(whole) != nil {
			return append(stack{s[0]}, s[i:]...)
		}
	}
	return s
}
