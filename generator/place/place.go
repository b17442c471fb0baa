// Package place decides which tenant runs in which cluster, with which settings.
// It takes the checked documents of a fleet, and gives the Fleet: references
// between documents resolved, layers of defaults merged, overrides applied, and
// every tenant's placements.
//
// It finds what is wrong between documents where a name refers to nothing. What
// the numbers say (quotas, limits, capacity) is decided by package check, on its
// result.
package place

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/schema"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// Fleet resolves documents. The findings are in no particular order; a Fleet that
// comes with errors lacks what they are about, so that what is left can
// still be checked. The error means that the rules could not be read.
func Fleet(docs *load.Documents) (*fleet.Fleet, fleet.Findings, error) {
	return with(docs.Rules())(docs)
}

// Fleets is Fleet for documents that are resolved again and again with little
// changed: it compiles the rules once, and settings that they have accepted are not
// asked about again. What it returns is not safe for concurrent use.
func Fleets() (func(*load.Documents) (*fleet.Fleet, fleet.Findings, error), error) {
	rules, err := schema.New()
	if err != nil {
		return nil, err
	}
	return with(rules), nil
}

func with(rules *schema.Schema) func(*load.Documents) (*fleet.Fleet, fleet.Findings, error) {
	valid := map[string]bool{}
	return func(docs *load.Documents) (*fleet.Fleet, fleet.Findings, error) {
		p := &placer{rules: rules, docs: docs, fleet: &fleet.Fleet{}, valid: valid}
		return p.resolve()
	}
}

func (p *placer) resolve() (*fleet.Fleet, fleet.Findings, error) {
	if err := p.data(); err != nil {
		return nil, nil, err
	}
	p.globals()
	p.environments()
	p.regions()
	p.tenants()
	p.references()
	return p.fleet, p.findings, p.err
}

// placer builds one Fleet.
type placer struct {
	rules *schema.Schema
	docs  *load.Documents
	fleet *fleet.Fleet

	modelDefaults, gpuDefaults, imageDefaults, trafficDefaults *input.Value

	// partial is whether clusters are missing because their region, or what it
	// says of them, is wrong: then nothing is said of names that no cluster has.
	partial bool

	// valid remembers merged settings that the rules have accepted.
	valid    map[string]bool
	findings fleet.Findings
	err      error
}

// data reads what the schemas hold beside rules.
func (p *placer) data() error {
	var instanceTypes, gpuClasses *input.Value
	for name, into := range map[string]**input.Value{
		"modelDefaults":   &p.modelDefaults,
		"gpuDefaults":     &p.gpuDefaults,
		"imageDefaults":   &p.imageDefaults,
		"trafficDefaults": &p.trafficDefaults,
		"catalogue":       &instanceTypes,
		"gpuClasses":      &gpuClasses,
	} {
		v, err := p.rules.Data(name)
		if err != nil {
			return err
		}
		*into = v
	}
	return cmp.Or(instanceTypes.Decode(&p.fleet.InstanceTypes), gpuClasses.Decode(&p.fleet.GPUClasses))
}

func (p *placer) globals() {
	d := p.docs.Fleet
	if d.Value == nil {
		return
	}
	p.fleet.Name = d.Value.At("metadata", "name").Text
	p.decode(d.Spec(), &p.fleet.Spec)
}

func (p *placer) environments() {
	for _, docs := range p.docs.Environments {
		e := &fleet.Environment{Name: docs.Environment.Name, Position: fleet.Position{File: docs.Environment.File}, Pins: map[string]*fleet.Pin{}}
		if spec := docs.Environment.Spec(); spec != nil {
			p.decode(spec, &e.Spec)
		}
		e.Origins = stack{{"environment " + e.Name, docs.Environment.Spec()}}
		if images := docs.Images.Value.At("spec", "images"); images != nil {
			for _, f := range images.Fields {
				pin := &fleet.Pin{Name: f.Name, Position: f.Position}
				p.decode(f.Value, pin)
				e.Pins[f.Name] = pin
			}
		}
		p.fleet.Environments = append(p.fleet.Environments, e)
	}
}

func (p *placer) regions() {
	for _, d := range p.docs.Regions {
		r := &fleet.Region{Name: d.Name, Position: fleet.Position{File: d.File}}
		p.fleet.Regions = append(p.fleet.Regions, r)
		spec := d.Spec()
		if spec == nil {
			r.Partial, p.partial = true, true
			continue
		}
		r.Cloud = spec.Get("cloud").Text
		p.decode(spec.Get("zones"), &r.Zones)
		clusters := spec.Get("clusters")
		for i := range clusters.Items {
			if c := p.cluster(r, &clusters.Items[i]); c != nil {
				r.Clusters = append(r.Clusters, c)
			} else {
				r.Partial, p.partial = true, true
			}
		}
		slices.SortFunc(r.Clusters, func(a, b *fleet.Cluster) int { return cmp.Compare(a.Name, b.Name) })
	}
}

func (p *placer) cluster(r *fleet.Region, v *input.Value) *fleet.Cluster {
	environment := p.fleet.Environment(v.Get("environment").Text)
	if environment == nil {
		p.unknown(v.Get("environment").Position, "environment", v.Get("environment").Text, p.environmentNames())
		return nil
	}
	c := &fleet.Cluster{Name: v.Get("name").Text, Region: r, Environment: environment, Position: v.Get("name").Position}
	c.Origins = stack{{"cluster " + c.Name, v}}
	p.decode(v, &c.Spec)
	for _, pool := range c.Spec.GPUPools {
		pool.MemoryGiB = p.fleet.GPUClasses[pool.Class].MemoryGiB
	}
	return c
}

// decode stores a value that the schema has accepted; that it does not fit the
// Go type is a bug of ours.
func (p *placer) decode(v *input.Value, into any) {
	if err := v.Decode(into); err != nil {
		p.err = cmp.Or(p.err, fmt.Errorf("decoding a value that the schema accepted: %w", err))
	}
}

// unknown reports a reference to something that is not there.
func (p *placer) unknown(at fleet.Position, what, name string, known []string) {
	p.refuse(at, fmt.Sprintf("there is no %s %q", what, name), "", suggest.Fix(name, known))
}

func (p *placer) refuse(at fleet.Position, message, expected, fix string) {
	p.findings = append(p.findings, fleet.Finding{Position: at, Severity: fleet.Error, Message: message, Expected: expected, Fix: fix})
}

func (p *placer) warn(at fleet.Position, message, expected, fix string) {
	p.findings = append(p.findings, fleet.Finding{Position: at, Severity: fleet.Warning, Message: message, Expected: expected, Fix: fix})
}

func (p *placer) environmentNames() []string {
	return names(p.fleet.Environments, func(e *fleet.Environment) string { return e.Name })
}

func (p *placer) regionNames() []string {
	return names(p.fleet.Regions, func(r *fleet.Region) string { return r.Name })
}

func names[T any](list []T, name func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = name(v)
	}
	return out
}
