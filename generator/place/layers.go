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

// wholes are the settings that a layer replaces instead of adding to them: how
// many GPUs, and how they are shared, is said of a class, and means nothing of
// another; and so are weights and regions said of a policy.
var wholes = [][]string{{"gpu"}, {"expose", "dns"}}

// merged is the settings that come out.
func (s stack) merged() *input.Value {
	var out *input.Value
	for _, l := range s {
		for _, whole := range wholes {
			if l.root.At(whole...) != nil {
				out = without(out, whole)
			}
		}
		out = out.Merge(l.root)
	}
	return out
}

// without is v without what stands at path.
func without(v *input.Value, path []string) *input.Value {
	if v.At(path...) == nil {
		return v
	}
	name, rest := path[0], path[1:]
	out := v.Without(name)
	if len(rest) > 0 {
		f := *v.Field(name)
		f.Value = without(f.Value, rest)
		out.Fields = append(out.Fields, f)
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
	for _, whole := range wholes {
		if len(path) < len(whole) || !slices.Equal(path[:len(whole)], whole) {
			continue
		}
		for i, l := range slices.Backward(s) {
			if i > 0 && l.root.At(whole...) != nil {
				return append(stack{s[0]}, s[i:]...)
			}
		}
	}
	return s
}
