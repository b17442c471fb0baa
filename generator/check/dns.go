package check

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// dns holds the way in which a tenant's public models choose between regions against
// the regions that they run in, environment by environment. Of a model that is not in
// all of its clusters, or a tenant that is not, it says nothing: what is missing is
// reported, and would be missed here again.
func (c *checker) dns(t *fleet.Tenant) {
	if !c.complete(t) {
		return
	}
	for _, base := range t.Base.Models {
		if t.Lost[base.Name] {
			continue
		}
		named := false
		for _, e := range environments(t) {
			names := publicIn(t, e, base.Name)
			named = named || len(names) > 0
			if c.oneName(base, names) {
				for _, r := range names {
					c.regionsOf(base, r)
				}
			}
		}
		if asks := choosing(t, base.Name); asks != nil && !named {
			c.refuse(asks.Origins.Origin("expose", "dns"), fmt.Sprintf("model %s has no name that leads to several regions", base.Name),
				"a model has one where it is public, in environments with a traffic.domain", "add public: true, or remove dns")
		}
	}
}

// choosing is a model, in one of its clusters, that says how to choose between
// regions; nil where it does so nowhere.
func choosing(t *fleet.Tenant, name string) *fleet.Model {
	var asks *fleet.Model
	for _, p := range t.Placements {
		for _, m := range p.Models {
			if m.Name == name && m.Spec.Expose != nil && m.Spec.Expose.DNS != nil {
				asks = m
			}
		}
	}
	return asks
}

// reach is where a name leads that is for all regions of an environment.
type reach struct {
	name    string
	where   *fleet.Environment
	members []member // sorted by cluster
	regions []string // in that order
}

// member is one of the clusters that a name leads to, and the model as it is there.
type member struct {
	cluster *fleet.Cluster
	model   *fleet.Model
}

// model is the one that the name is of, as in the first of the clusters.
func (r *reach) model() *fleet.Model { return r.members[0].model }

// in are the clusters of a region.
func (r *reach) in(region string) []*fleet.Cluster {
	var out []*fleet.Cluster
	for _, m := range r.members {
		if m.cluster.Region.Name == region {
			out = append(out, m.cluster)
		}
	}
	return out
}

// String tells where the model is public.
func (r *reach) String() string {
	return fmt.Sprintf("in environment %s it is public in %s", r.where.Name, strings.Join(r.regions, ", "))
}

// publicIn are the names that a model has for the regions of an environment: one,
// unless overrides change it.
func publicIn(t *fleet.Tenant, e *fleet.Environment, model string) []*reach {
	var names []*reach
	byName := map[string]*reach{}
	for _, p := range t.Placements {
		for _, m := range p.Models {
			if p.Cluster.Environment != e || m.Name != model || m.Spec.Expose == nil || p.GlobalHostname(m) == "" {
				continue
			}
			name := p.GlobalHostname(m)
			r := byName[name]
			if r == nil {
				r = &reach{name: name, where: e}
				byName[name], names = r, append(names, r)
			}
			if region := p.Cluster.Region.Name; r.in(region) == nil {
				r.regions = append(r.regions, region)
			}
			r.members = append(r.members, member{p.Cluster, m})
		}
	}
	return names
}

// oneName says whether a model's names are right so far: who chooses between regions
// by more than their distance chooses between those of one name.
func (c *checker) oneName(base *fleet.Model, names []*reach) bool {
	for _, other := range names[min(len(names), 1):] {
		first := names[0].members[0]
		odd, even := other.members[0], first
		if base.Spec.Expose != nil && odd.model.Spec.Expose.Hostname == base.Spec.Expose.Hostname {
			odd, even = even, odd
		}
		policy := odd.model.Spec.Expose.Routes().Policy
		if policy == fleet.Latency {
			continue
		}
		c.refuse(odd.model.Origins.Origin("expose", "hostname"),
			fmt.Sprintf("model %s is called %s in cluster %s, and %s in cluster %s", base.Name, odd.model.Spec.Expose.Hostname, odd.cluster.Name, even.model.Spec.Expose.Hostname, even.cluster.Name),
			fmt.Sprintf("policy %s chooses between the regions of one name", policy), "give it one hostname in all regions, or use policy latency")
		return false
	}
	return true
}

// regionsOf holds the regions of a name against each other.
func (c *checker) regionsOf(base *fleet.Model, r *reach) {
	c.oneClusterARegion(r)
	c.oneDistribution(r)
	if !c.onePolicy(base, r) {
		return
	}
	switch d := r.model().Spec.Expose.Routes(); d.Policy {
	case fleet.Failover:
		c.failover(r, d)
	case fleet.Weighted:
		c.weights(r, d)
	}
}

// oneClusterARegion: Route 53 takes one record a region of a name.
func (c *checker) oneClusterARegion(r *reach) {
	for _, region := range r.regions {
		if both := r.in(region); len(both) > 1 {
			c.refuse(r.model().Origins.Origin("expose", "public"), fmt.Sprintf("model %s is public in two clusters of region %s, %s and %s", r.model().Name, region, both[0].Name, both[1].Name),
				"one name leads to one cluster of a region", "leave one out with placement or an override")
		}
	}
}

// oneDistribution: CloudFront answers to a name in one distribution only (CloudFront
// developer guide, "Restrictions on using alternate domain names").
func (c *checker) oneDistribution(r *reach) {
	var first *fleet.CloudFront
	var before string
	for _, m := range r.members {
		cf := m.cluster.Spec.Ingress.CloudFrontAt(m.model.Spec.Expose.Entrance())
		switch {
		case cf == nil:
		case first == nil:
			first, before = cf, m.cluster.Name
		case cf.Domain != first.Domain:
			c.refuse(m.model.Origins.Origin("expose", "public"), fmt.Sprintf("model %s is public behind two CloudFront distributions, those of clusters %s and %s", m.model.Name, before, m.cluster.Name),
				"only one of them can answer to "+r.name, "leave one cluster out with placement or an override, or ask the platform team for one distribution before both")
			return
		}
	}
}

// onePolicy says whether the clusters of a name agree on how it chooses: each writes
// its own record, and Route 53 refuses one whose policy is not that of the others.
func (c *checker) onePolicy(base *fleet.Model, r *reach) bool {
	for _, other := range r.members[1:] {
		odd, even := other, r.members[0]
		if reflect.DeepEqual(odd.model.Spec.Expose.Routes(), even.model.Spec.Expose.Routes()) {
			continue
		}
		if base.Spec.Expose != nil && reflect.DeepEqual(odd.model.Spec.Expose.Routes(), base.Spec.Expose.Routes()) {
			odd, even = even, odd
		}
		c.refuse(odd.model.Origins.Origin("expose", "dns"), fmt.Sprintf("model %s has another dns in cluster %s than in cluster %s", base.Name, odd.cluster.Name, even.cluster.Name),
			r.name+" leads to both, by one policy", "say the same in every region")
		return false
	}
	return true
}

func (c *checker) failover(r *reach, d fleet.DNS) {
	at := func(field string) fleet.Origin { return r.model().Origins.Origin("expose", "dns", field) }
	if len(r.regions) < 2 {
		c.refuse(at("policy"), fmt.Sprintf("model %s has one region, and nowhere to fail over to", r.model().Name), r.String(), "place it in a second region, or use policy latency")
		return
	}
	if d.Primary == d.Secondary {
		c.refuse(at("secondary"), "the secondary region is the primary one", r.String(), "name another")
	}
	for _, end := range []struct{ field, region string }{{"primary", d.Primary}, {"secondary", d.Secondary}} {
		clusters := r.in(end.region)
		if clusters == nil {
			c.refuse(at(end.field), fmt.Sprintf("model %s does not run in region %s", r.model().Name, end.region), r.String(), "name a region that it runs in")
			continue
		}
		if public := clusters[0].Spec.Ingress.Public; end.field == "primary" && public != nil && public.HealthCheck == "" {
			c.refuse(at(end.field), fmt.Sprintf("nothing tells when cluster %s is down", clusters[0].Name),
				clusters[0].Region.File+" has no ingress.public.healthCheck for it", "ask the platform team to add one")
		}
	}
}

func (c *checker) weights(r *reach, d fleet.DNS) {
	at := func(region ...string) fleet.Origin {
		return r.model().Origins.Origin(append([]string{"expose", "dns", "weights"}, region...)...)
	}
	nobody := true
	for _, region := range r.regions {
		weight, ok := d.Weights[region]
		if !ok {
			c.refuse(at(), "there is no weight for region "+region, r.String(), "give it one; 0 sends nobody there")
		}
		nobody = nobody && ok && weight == 0
	}
	if nobody {
		c.refuse(at(), "every weight is 0", "Route 53 then sends everybody everywhere, by equal shares", "give a region more")
	}
	for _, region := range keys(d.Weights) {
		if r.in(region) == nil {
			c.refuse(at(region), fmt.Sprintf("model %s does not run in region %s", r.model().Name, region), r.String(), "remove its weight")
		}
	}
}
