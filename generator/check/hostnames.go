package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// hostnames reports two models that claim one DNS name.
func (c *checker) hostnames() {
	type claim struct {
		model  *fleet.Model
		tenant *fleet.Tenant
	}
	claimed := map[string]claim{}
	for p := range c.fleet.Placements() {
		for _, m := range p.Models {
			if m.Spec.Expose == nil {
				continue
			}
			host := m.Spec.Expose.Hostname + "." + p.Cluster.Spec.Ingress.Hostname
			first, taken := claimed[host]
			if !taken {
				claimed[host] = claim{m, p.Tenant}
				continue
			}
			at := first.model.Origins.Origin("expose", "hostname")
			c.refuse(m.Origins.Origin("expose", "hostname"), fmt.Sprintf("hostname %q is taken", m.Spec.Expose.Hostname),
				fmt.Sprintf("model %s of tenant %s claims it at %s", first.model.Name, first.tenant.Name, at.Position), "choose another")
		}
	}
}
