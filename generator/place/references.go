package place

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// references reports names in environments and clusters that refer to nothing.
func (p *placer) references() {
	p.canaryRegions()
	p.uniqueClusters()
	for _, c := range p.fleet.Clusters() {
		for i, pool := range c.Spec.GPUPools {
			at := []string{"gpuPools", fmt.Sprint(i)}
			if s := pool.Sharing; s != nil && p.fleet.Tenant(s.Tenant) == nil {
				p.unknown(c.Origins.Origin(append(at, "sharing", "tenant")...).Position, "tenant", s.Tenant,
					names(p.fleet.Tenants, func(t *fleet.Tenant) string { return t.Name }))
			}
		}
	}
	for _, t := range p.fleet.Tenants {
		for _, placement := range t.Placements {
			for _, m := range placement.Models {
				p.pin(placement, m)
			}
		}
	}
}

// pin reports a model whose image nobody has pinned in an environment.
func (p *placer) pin(placement *fleet.Placement, m *fleet.Model) {
	e := placement.Cluster.Environment
	if len(e.Pins) == 0 || has(e.Pins, m.Spec.Image) { // images.yaml without any pin is reported by itself
		return
	}
	at := m.Origins.Origin("image")
	if at.Layer == fleet.SchemaDefault { // the runtime decided
		at = m.Origins.Origin("runtime")
	}
	p.refuse(at.Position, fmt.Sprintf("environments/%s/images.yaml has no image %q", e.Name, m.Spec.Image), "", suggest.Fix(m.Spec.Image, keys(e.Pins)))
}

func (p *placer) canaryRegions() {
	for _, e := range p.fleet.Environments {
		canary := e.Spec.Rollout.CanaryRegion
		if canary == "" {
			continue
		}
		at := e.Origins.Origin("rollout", "canaryRegion")
		region := p.fleet.Region(canary)
		if region == nil {
			p.unknown(at.Position, "region", canary, p.regionNames())
			continue
		}
		found := len(region.Clusters) == 0 // a region that could not be read is reported by itself
		for _, c := range region.Clusters {
			found = found || c.Environment == e
		}
		if !found {
			p.refuse(at.Position, fmt.Sprintf("region %q has no cluster of environment %s", canary, e.Name), "", "name a region that has one")
		}
	}
}

// uniqueClusters reports clusters that nobody could tell apart.
func (p *placer) uniqueClusters() {
	seen := map[string]*fleet.Cluster{}
	for _, c := range p.fleet.Clusters() {
		for what, name := range map[string]string{"name": c.Name, "argocd.name": c.Spec.ArgoCD.Name, "argocd.server": c.Spec.ArgoCD.Server} {
			first, twice := seen[what+" "+name]
			if !twice {
				seen[what+" "+name] = c
				continue
			}
			p.refuse(c.Position, fmt.Sprintf("cluster %s has the same %s as the one at %s: %s", c.Name, what, first.Position, name), "", "every cluster has its own")
		}
	}
}
