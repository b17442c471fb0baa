package place

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
)

// in is the model as it runs in a cluster, or (nil) in no cluster in particular:
// without the layers that only a cluster has. It is nil where the settings that
// come out are wrong, or the cluster's environment is, which is reported.
func (m *modelDoc) in(c *fleet.Cluster) *fleet.Model {
	layers, key := m.layers(c)
	if c != nil && m.environmentSpec(c.Environment.Name) == nil { // what its defaults say is unknown
		return nil
	}
	if model, ok := m.cache[key]; ok {
		return model
	}
	model := m.make(layers, c)
	m.cache[key] = model
	return model
}

// layers are what the model is made of, in the order of design: schema,
// environment, tier, tenant, model, overrides. The key tells one set of layers
// from another.
func (m *modelDoc) layers(c *fleet.Cluster) (stack, string) {
	spec := m.doc.Spec()
	var key strings.Builder
	s := stack{{fleet.SchemaDefault, m.modelDefaults}}
	if c != nil {
		environment := m.environmentSpec(c.Environment.Name)
		tier := environment.At("tiers", m.tenant.Spec.Tier)
		s = append(s,
			layer{"environment " + c.Environment.Name, environment.Get("defaults")},
			layer{"tier " + m.tenant.Spec.Tier, tier.Get("defaults")})
		key.WriteString(c.Environment.Name)
		if c.Spec.Scaling.MetricsAdapter {
			key.WriteString(" hpa") // which keeps no schedules
		}
	}
	s = append(s,
		layer{"tenant " + m.tenant.Name, m.tenantSpec.Get("defaults")},
		layer{"model " + m.doc.Name, spec.Without("overrides", "placement")})
	for i := range m.overrides {
		if o := &m.overrides[i]; c != nil && o.matches(c) {
			o.used = true
			s = append(s, layer{fmt.Sprintf("override %d of model %s", i+1, m.doc.Name), o.value})
			fmt.Fprintf(&key, " %d", i)
		}
	}
	return s, key.String()
}

func (p *placer) environmentSpec(name string) *input.Value {
	for _, docs := range p.docs.Environments {
		if docs.Environment.Name == name {
			return docs.Environment.Spec()
		}
	}
	return nil
}

func (o *override) matches(c *fleet.Cluster) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	return is(o.match.Environment, c.Environment.Name) && is(o.match.Region, c.Region.Name) && is(o.match.Cluster, c.Name)
}

// make merges layers into a model.
func (m *modelDoc) make(layers stack, c *fleet.Cluster) *fleet.Model {
	merged := layers.merged()
	layers[0].root = m.dependentDefaults(merged)
	merged = m.withoutIdleTraffic(layers, layers[0].root.Merge(merged))
	if c != nil && !m.accepted(layers, merged, c) {
		return nil
	}
	layers, merged, plan, ok := m.planned(layers, merged, c)
	if !ok {
		return nil
	}
	model := &fleet.Model{Name: m.doc.Name, Position: fleet.Position{File: m.doc.File}, Origins: layers, Plan: plan}
	m.decode(merged, &model.Spec)
	if gpu := merged.Get("gpu"); gpu.Kind == input.Map {
		model.Spec.GPU = &fleet.GPU{}
		m.decode(gpu, model.Spec.GPU)
	}
	return model
}

// dependentDefaults are the schema's defaults together with those that depend on
// what a model says: an image for its runtime, and details of its GPUs and its traffic.
func (m *modelDoc) dependentDefaults(merged *input.Value) *input.Value {
	extra := &input.Value{Position: m.imageDefaults.Position, Kind: input.Map}
	if image := m.imageDefaults.Get(merged.Get("runtime").Text); image != nil {
		extra.Fields = append(extra.Fields, input.Field{Position: image.Position, Name: "image", Value: image})
	}
	if merged.Get("traffic") != nil {
		extra.Fields = append(extra.Fields, input.Field{Position: m.trafficDefaults.Position, Name: "traffic", Value: m.trafficDefaults})
	}
	if merged.Get("gpu").Kind == input.Map {
		extra.Fields = append(extra.Fields, input.Field{Position: m.gpuDefaults.Position, Name: "gpu", Value: m.gpuDefaults})
	}
	return m.modelDefaults.Merge(extra)
}
