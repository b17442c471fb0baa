package place

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// accepted holds merged settings against the schema's rules: layers that are
// right by themselves can be wrong together. The rules over several fields see
// only part of the settings, and few combinations of those exist, so an accepted
// one is remembered.
func (m *modelDoc) accepted(layers stack, merged *input.Value, c *fleet.Cluster) bool {
	key := string(merged.Without("description", "version", "artifact", "image", "expose").AppendJSON(nil))
	if expose := merged.Get("expose"); expose != nil {
		key += string(expose.Without("hostname").AppendJSON(nil))
	}
	if m.valid[key] {
		return true
	}
	findings, err := m.rules.Check("#EffectiveModel", merged, "spec")
	if err != nil {
		m.err = err
		return false
	}
	for _, f := range findings {
		m.note(m.together(f, layers, merged, c))
	}
	m.valid[key] = len(findings) == 0
	return m.valid[key]
}

// note adds a finding, unless the same is said of the same place already: settings are
// wrong together in many clusters, those of a tenant in many models, and mended once.
func (m *modelDoc) note(f fleet.Finding) {
	same := func(o fleet.Finding) bool { return o.Position == f.Position && o.Message == f.Message }
	if !slices.ContainsFunc(m.findings, same) {
		m.findings = append(m.findings, f)
	}
}

// together makes a finding about merged settings one about the layers: with the
// cluster that they are for, and at the last value that had a say. Where that cannot
// be told, it stands in the model's file, because there every value can be set right.
func (m *modelDoc) together(f fleet.Finding, layers stack, merged *input.Value, c *fleet.Cluster) fleet.Finding {
	path := pathTo(merged, f.Position)
	about := fmt.Sprintf("with all defaults and overrides of cluster %s", c.Name)
	switch other := m.opponent(f, merged, path); {
	case other != nil:
		high, low := path, other
		if layers.rank(other) > layers.rank(path) {
			high, low = other, path
		}
		f = collision(f, layers, merged, high, low)
		if f.File != m.doc.File {
			about = fmt.Sprintf("with all defaults and overrides of model %s in cluster %s", m.doc.Name, c.Name)
		}
		if from := layers.Origin(low...); from.File != f.File && from.Layer != fleet.SchemaDefault {
			about += fmt.Sprintf("; %s is set at %s", name(low), from.Position)
		}
	case f.File != m.doc.File:
		if layers.Origin(path...).Layer != fleet.SchemaDefault { // which nobody can mend there
			about += "; it is set at " + f.Position.String()
		}
		f.Position = m.doc.Spec().Place(path...)
	}
	if f.Expected != "" {
		f.Expected += "; "
	}
	f.Expected += about
	return f
}

// collision says that two values contradict, at the one of the higher layer, whose
// author may never have seen the other.
func collision(f fleet.Finding, layers stack, merged *input.Value, high, low []string) fleet.Finding {
	from := layers.Origin(low...)
	if merged.At(low...).Position == f.Position && f.Expected != "" { // the rule is the lower one's
		f.Expected = name(low) + " has to be " + strings.TrimPrefix(f.Expected, "has to be ")
	}
	f.Position = merged.At(high...).Position
	whose := "by default"
	if from.Layer != fleet.SchemaDefault {
		whose = "from " + from.Layer
	}
	f.Message = fmt.Sprintf("%s is %s, and %s is %s %s", name(high), written(merged.At(high...)), name(low), written(merged.At(low...)), whose)
	if f.Fix == "" {
		f.Fix = "set " + name(low) + " too"
	}
	return f
}

// opponent is the path of the value that a wrong value contradicts: the one beside it
// without which nothing is wrong with it. It is nil where there is none.
func (m *modelDoc) opponent(f fleet.Finding, merged *input.Value, path []string) []string {
	if v := merged.At(path...); len(path) == 0 || v.Kind == input.Map || v.Kind == input.List {
		return nil
	}
	around := path[: len(path)-1 : len(path)-1]
	for _, beside := range merged.At(around...).Fields {
		other := append(around, beside.Name)
		if beside.Name == path[len(path)-1] {
			continue
		}
		left, err := m.rules.Check("#EffectiveModel", without(merged, other), "spec")
		if err == nil && !slices.ContainsFunc(left, func(o fleet.Finding) bool { return o.Position == f.Position }) {
			return other
		}
	}
	return nil
}

// name is a setting's as people write it.
func name(path []string) string { return "spec." + strings.Join(path, ".") }

func written(v *input.Value) string {
	if v.Kind == input.String {
		return strconv.Quote(v.Text)
	}
	return v.Written()
}

// pathTo is where a value that is written at a place stands in merged settings.
func pathTo(v *input.Value, place fleet.Position) []string {
	for _, f := range v.Fields {
		if f.Position == place || f.Value.Position == place {
			return []string{f.Name}
		}
		if below := pathTo(f.Value, place); below != nil {
			return append([]string{f.Name}, below...)
		}
	}
	return nil
}
