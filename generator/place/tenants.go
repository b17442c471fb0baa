package place

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

func (p *placer) tenants() {
	clusters := p.fleet.Clusters()
	for _, docs := range p.docs.Tenants {
		t := &fleet.Tenant{Name: docs.Tenant.Name, Position: fleet.Position{File: docs.Tenant.File}}
		p.fleet.Tenants = append(p.fleet.Tenants, t)
		spec := docs.Tenant.Spec()
		if spec == nil {
			continue
		}
		p.decode(spec, &t.Spec)
		t.Origins = stack{{"tenant " + t.Name, spec}}
		t.Placements = p.tenantPlacements(t, spec, clusters)
		t.Base, t.Lost = &fleet.Placement{Tenant: t}, map[string]bool{}
		measured, unread := newMeasured(p.nameable(docs.Traffic)), false
		for _, d := range docs.Models {
			if d.Value == nil {
				unread = true
				continue
			}
			p.model(t, spec, d, measured)
		}
		if !unread {
			p.unusedMeasurements(measured)
		}
	}
}

// tenantPlacements are the tenant's clusters: every one whose environment and
// region the tenant was granted.
func (p *placer) tenantPlacements(t *fleet.Tenant, spec *input.Value, clusters []*fleet.Cluster) []*fleet.Placement {
	where := spec.Get("placement")
	for i := range where.Get("environments").Items {
		v := &where.Get("environments").Items[i]
		e := p.fleet.Environment(v.Text)
		switch {
		case e == nil:
			p.unknown(v.Position, "environment", v.Text, p.environmentNames())
		case e.Spec.Tiers != nil && !has(e.Spec.Tiers, t.Spec.Tier):
			p.refuse(spec.Get("tier").Position, fmt.Sprintf("environment %s has no tier %q", e.Name, t.Spec.Tier), "", suggest.Fix(t.Spec.Tier, keys(e.Spec.Tiers)))
		}
	}
	for i := range where.Get("regions").Items {
		if v := &where.Get("regions").Items[i]; p.fleet.Region(v.Text) == nil {
			p.unknown(v.Position, "region", v.Text, p.regionNames())
		}
	}
	var out []*fleet.Placement
	for _, c := range clusters {
		if covers(t.Spec.Placement, c) {
			out = append(out, &fleet.Placement{Tenant: t, Cluster: c})
		}
	}
	return out
}

// covers says whether a placement includes a cluster; a list that is not set
// includes all.
func covers(where fleet.TenantPlacement, c *fleet.Cluster) bool {
	return (where.Environments == nil || slices.Contains(where.Environments, c.Environment.Name)) &&
		(where.Regions == nil || slices.Contains(where.Regions, c.Region.Name))
}

// model adds a model to the placements of its tenant that it runs in.
func (p *placer) model(t *fleet.Tenant, tenant *input.Value, d *load.Document, measured *measured) {
	m := modelDoc{placer: p, tenant: t, tenantSpec: tenant, doc: d, measured: measured, cache: map[string]*fleet.Model{}}
	m.readOverrides()
	where := m.where()
	for _, placement := range t.Placements {
		if !covers(where, placement.Cluster) {
			continue
		}
		m.used++
		if effective := m.in(placement.Cluster); effective != nil {
			placement.Models = append(placement.Models, effective)
		} else {
			t.Lost[d.Name] = true
		}
	}
	if base := m.in(nil); base != nil {
		t.Base.Models = append(t.Base.Models, base)
	}
	m.unused()
}

// modelDoc is a model's document on its way into the placements.
type modelDoc struct {
	*placer
	tenant     *fleet.Tenant
	tenantSpec *input.Value
	doc        *load.Document
	overrides  []override
	measured   *measured
	// cache holds the models made so far, by the layers they were made of:
	// clusters that differ in nothing share one.
	cache map[string]*fleet.Model
	used  int // placements that the model runs in
	// ungranted is whether its placement asks for what its tenant does not have.
	ungranted bool
}

// override is one entry of a model's overrides.
type override struct {
	match struct{ Environment, Region, Cluster string }
	value *input.Value
	used  bool // or reported already
}

func (m *modelDoc) readOverrides() {
	list := m.doc.Spec().Get("overrides")
	if list == nil {
		return
	}
	m.overrides = make([]override, len(list.Items))
	for i := range list.Items {
		o := &m.overrides[i]
		o.value = list.Items[i].Without("match")
		m.decode(list.Items[i].Get("match"), &o.match)
		o.used = !m.known(list.Items[i].Get("match"))
	}
}

// known reports names in an override's match that nothing has, and says whether
// there is none.
func (m *modelDoc) known(match *input.Value) bool {
	before := len(m.findings)
	if v := match.Get("environment"); v != nil && m.fleet.Environment(v.Text) == nil {
		m.unknown(v.Position, "environment", v.Text, m.environmentNames())
	}
	if v := match.Get("region"); v != nil && m.fleet.Region(v.Text) == nil {
		m.unknown(v.Position, "region", v.Text, m.regionNames())
	}
	if v := match.Get("cluster"); v != nil && m.fleet.Cluster(v.Text) == nil && !m.partial {
		m.unknown(v.Position, "cluster", v.Text, names(m.fleet.Clusters(), func(c *fleet.Cluster) string { return c.Name }))
	}
	return len(m.findings) == before
}

// where is the model's own placement, which may only be narrower than its tenant's.
func (m *modelDoc) where() fleet.TenantPlacement {
	var where fleet.TenantPlacement
	v := m.doc.Spec().Get("placement")
	if v == nil {
		return where
	}
	m.decode(v, &where)
	granted := m.tenant.Spec.Placement
	m.withinGrant(v.Get("environments"), "environment", granted.Environments)
	m.withinGrant(v.Get("regions"), "region", granted.Regions)
	return where
}

func (m *modelDoc) withinGrant(list *input.Value, what string, granted []string) {
	if list == nil {
		return
	}
	for i := range list.Items {
		if v := &list.Items[i]; !slices.Contains(granted, v.Text) {
			m.ungranted = true
			m.refuse(v.Position, fmt.Sprintf("tenant %s has no grant for %s %q", m.tenant.Name, what, v.Text),
				"granted are "+strings.Join(granted, ", "), "remove it, or ask the platform team to add it to "+m.tenant.File)
		}
	}
}

// unused reports a model, or an override, that has no cluster.
func (m *modelDoc) unused() {
	switch {
	case len(m.tenant.Placements) == 0, m.ungranted, m.partial: // which is reported
		return
	case m.used == 0:
		m.refuse(m.doc.Spec().Place("placement"), "the model runs in no cluster", "", "widen its placement")
		return
	}
	for i, o := range m.overrides {
		if !o.used {
			at := m.doc.Spec().Place("overrides", fmt.Sprint(i), "match")
			m.refuse(at, fmt.Sprintf("override %d matches none of the clusters that the model runs in", i+1), "", "correct its match, or remove it")
		}
	}
}

func has[V any](m map[string]V, key string) bool { _, ok := m[key]; return ok }

func keys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
