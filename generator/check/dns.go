package check

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// dns holds the way in which a tenant's public models choose between regions against
// the regions that they run in, environment by environment.
func (c *checker) dns(t *fleet.Tenant) {
	for _, base := range t.Base.Models {
		named := false
		var asks *fleet.Model
		for _, e := range environments(t) {
			r := publicIn(t, e, base.Name)
			if len(r.regions) > 0 {
				named = true
				c.oneClusterARegion(r)
				c.policy(r)
			}
		}
		for _, p := range t.Placements {
			for _, m := range p.Models {
				if m.Name == base.Name && m.Spec.Expose != nil && m.Spec.Expose.DNS != nil {
					asks = m
				}
			}
		}
		if asks != nil && !named {
			c.refuse(asks.Origins.Origin("expose", "dns"), fmt.Sprintf("model %s has no name that leads to several regions", base.Name),
				"a model has one where it is public, in environments with a traffic.domain", "add public: true, or remove dns")
		}
	}
}

// reach is where a model is public in an environment that has names for all regions.
type reach struct {
	environment *fleet.Environment
	model       *fleet.Model // as in the first of the clusters
	regions     []string     // by the clusters' names
	clusters    map[string][]*fleet.Cluster
}

func publicIn(t *fleet.Tenant, e *fleet.Environment, name string) reach {
	r := reach{environment: e, clusters: map[string][]*fleet.Cluster{}}
	for _, p := range t.Placements {
		for _, m := range p.Models {
			if p.Cluster.Environment != e || m.Name != name || m.Spec.Expose == nil || p.GlobalHostname(m) == "" {
				continue
			}
			region := p.Cluster.Region.Name
			if r.clusters[region] == nil {
				r.regions = append(r.regions, region)
			}
			if r.model == nil {
				r.model = m
			}
			r.clusters[region] = append(r.clusters[region], p.Cluster)
		}
	}
	return r
}

// oneClusterARegion: Route 53 takes one record a region of a name.
func (c *checker) oneClusterARegion(r reach) {
	for _, region := range r.regions {
		if both := r.clusters[region]; len(both) > 1 {
			c.refuse(r.model.Origins.Origin("expose", "public"), fmt.Sprintf("model %s is public in two clusters of region %s, %s and %s", r.model.Name, region, both[0].Name, both[1].Name),
				"one name leads to one cluster of a region", "leave one out with placement or an override")
		}
	}
}

func (c *checker) policy(r reach) {
	switch d := r.model.Spec.Expose.Routes(); d.Policy {
	case fleet.Failover:
		c.failover(r, d)
	case fleet.Weighted:
		c.weights(r, d)
	}
}

func (c *checker) failover(r reach, d fleet.DNS) {
	at := func(field string) fleet.Origin { return r.model.Origins.Origin("expose", "dns", field) }
	runs := fmt.Sprintf("in environment %s it is public in %s", r.environment.Name, strings.Join(r.regions, ", "))
	if len(r.regions) < 2 {
		c.refuse(at("policy"), fmt.Sprintf("model %s has one region, and nowhere to fail over to", r.model.Name), runs, "place it in a second region, or use policy latency")
		return
	}
	if d.Primary == d.Secondary {
		c.refuse(at("secondary"), "the secondary region is the primary one", runs, "name another")
	}
	for _, end := range []struct{ field, region string }{{"primary", d.Primary}, {"secondary", d.Secondary}} {
		clusters := r.clusters[end.region]
		if clusters == nil {
			c.refuse(at(end.field), fmt.Sprintf("model %s does not run in region %s", r.model.Name, end.region), runs, "name a region that it runs in")
			continue
		}
		if public := clusters[0].Spec.Ingress.Public; end.field == "primary" && public != nil && public.HealthCheck == "" {
			c.refuse(at(end.field), fmt.Sprintf("nothing tells when cluster %s is down", clusters[0].Name),
				clusters[0].Region.File+" has no ingress.public.healthCheck for it", "ask the platform team to add one")
		}
	}
}

func (c *checker) weights(r reach, d fleet.DNS) {
	runs := fmt.Sprintf("in environment %s it is public in %s", r.environment.Name, strings.Join(r.regions, ", "))
	for _, region := range r.regions {
		if _, ok := d.Weights[region]; !ok {
			c.refuse(r.model.Origins.Origin("expose", "dns", "weights"), "there is no weight for region "+region, runs, "give it one; 0 sends nobody there")
		}
	}
	for _, region := range keys(d.Weights) {
		if r.clusters[region] == nil {
			c.refuse(r.model.Origins.Origin("expose", "dns", "weights", region), fmt.Sprintf("model %s does not run in region %s", r.model.Name, region), runs, "remove its weight")
		}
	}
}
