package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// owner is who has a DNS name: a model, or the platform.
type owner struct {
	tenant *fleet.Tenant
	model  *fleet.Model
	what   string // of the platform's names: what they are for
}

// is tells whether two owners are one model, maybe in two clusters.
func (o owner) is(other owner) bool {
	return o.model != nil && other.model != nil && o.tenant == other.tenant && o.model.Name == other.model.Name
}

func (o owner) String() string {
	if o.model == nil {
		return o.what
	}
	return fmt.Sprintf("model %s of tenant %s claims it at %s", o.model.Name, o.tenant.Name, o.model.Origins.Origin("expose", "hostname").Position)
}

// hostnames reports models that claim a DNS name of another model, or of the
// platform. The schema takes hostnames in small letters only, so no two names
// differ in case alone.
func (c *checker) hostnames() {
	owners := c.platformNames()
	for p := range c.fleet.Placements() {
		for _, m := range p.Models {
			if m.Spec.Expose == nil {
				continue
			}
			for _, name := range []string{p.Hostname(m), p.GlobalHostname(m)} {
				if name == "" {
					continue
				}
				own := owner{tenant: p.Tenant, model: m}
				first, taken := owners[name]
				if !taken {
					owners[name] = own
					continue
				}
				if !first.is(own) {
					c.refuse(m.Origins.Origin("expose", "hostname"), fmt.Sprintf("hostname %q is taken", m.Spec.Expose.Hostname), first.String(), "choose another")
				}
			}
		}
	}
}

// platformNames are the names that are no model's.
func (c *checker) platformNames() map[string]owner {
	names := map[string]owner{}
	for _, e := range c.fleet.Environments {
		names[e.Spec.Traffic.Domain] = owner{what: "it is the domain of environment " + e.Name}
	}
	for _, cluster := range c.fleet.Clusters() {
		ingress := cluster.Spec.Ingress
		names[ingress.Hostname] = owner{what: "it is the ingress hostname of cluster " + cluster.Name}
		for _, entrance := range []fleet.Entrance{fleet.Internal, fleet.Public} {
			names[ingress.Address(entrance)] = owner{what: "it is the name of a load balancer of cluster " + cluster.Name}
		}
	}
	return names
}
