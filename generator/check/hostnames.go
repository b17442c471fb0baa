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

// platformNames are the names that are no model's. It reports those that two have:
// both would write records of it, or of the names below it.
func (c *checker) platformNames() map[string]owner {
	names := map[string]owner{}
	claim := func(name, purpose string, at fleet.Origin, field string) bool {
		first, taken := names[name]
		if taken {
			c.refuse(at, fmt.Sprintf("%s %q is taken", field, name), first.String(), "choose another")
			return false
		}
		names[name] = owner{what: purpose}
		return true
	}
	for _, e := range c.fleet.Environments {
		if domain := e.Spec.Traffic.Domain; domain != "" {
			claim(domain, "it is the domain of environment "+e.Name, e.Origins.Origin("traffic", "domain"), "traffic.domain")
		}
	}
	var named []*fleet.Cluster // by a hostname of their own
	for _, cluster := range c.fleet.Clusters() {
		if claim(cluster.Spec.Ingress.Hostname, "it is the ingress hostname of cluster "+cluster.Name, cluster.Origins.Origin("ingress", "hostname"), "ingress.hostname") {
			named = append(named, cluster)
		}
	}
	for _, cluster := range named {
		for _, entrance := range []fleet.Entrance{fleet.Internal, fleet.Public} {
			claim(cluster.Spec.Ingress.Address(entrance), "it is the name of a load balancer of cluster "+cluster.Name, cluster.Origins.Origin("ingress", "hostname"), "the load balancer's name")
		}
	}
	return names
}
