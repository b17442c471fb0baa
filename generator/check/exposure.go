package check

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// exposure holds what a tenant's models ask of the ways into their clusters against
// the tenant's grant and what the clusters have.
func (c *checker) exposure(t *fleet.Tenant) {
	lacking := newGatherer(c)
	for _, p := range t.Placements {
		for _, m := range p.Models {
			if m.Spec.Expose == nil {
				continue
			}
			c.publicGrant(t, m)
			ingress := p.Cluster.Spec.Ingress
			if m.Spec.Expose.Public && ingress.Public == nil {
				lacking.note(p.Cluster, m.Origins.Origin("expose", "public"), "no way in from the internet leads to %s",
					p.Cluster.Region.File+" has no ingress.public for it", "ask the platform team to add it, or override public for it with false")
			}
			if m.Spec.Expose.Sticky.Duration > 0 && !stickable(p.Cluster) {
				lacking.note(p.Cluster, m.Origins.Origin("expose", "sticky"), "the gateway of %s keeps no client at its replica",
					"its ingress.class in "+p.Cluster.Region.File+" is "+ingress.GatewayClass()+"; Istio's gateways do, and load balancers", "remove sticky")
			}
			if cf := ingress.CloudFrontAt(m.Spec.Expose.Entrance()); cf != nil && m.Spec.Canary != nil && m.Spec.Canary.Header == cf.Header {
				lacking.note(p.Cluster, m.Origins.Origin("canary", "header"), "header "+cf.Header+" is the one by which %s knows what comes through CloudFront",
					"a request has it once; "+p.Cluster.Region.File+" has it below ingress.public.cloudFront", "choose another")
			}
		}
	}
	lacking.report()
}

func (c *checker) publicGrant(t *fleet.Tenant, m *fleet.Model) {
	if m.Spec.Expose.Public && !t.Spec.Allow.Public {
		c.refuse(m.Origins.Origin("expose", "public"), fmt.Sprintf("tenant %s has no grant for public models", t.Name),
			t.File+" lacks allow: {public: true}", "remove it, or ask the platform team for the grant")
	}
}

// stickable says whether a cluster can keep clients at their replica: a load
// balancer's target groups can, and Istio's proxies by a DestinationRule. The Gateway
// API's own field for it is not in its standard channel.
func stickable(cluster *fleet.Cluster) bool {
	ingress := cluster.Spec.Ingress
	return ingress.LoadBalanced() || ingress.GatewayClass() == "istio"
}

// entrances reports clusters whose ingress is not made for the routing API of their
// environment.
func (c *checker) entrances() {
	for _, cluster := range c.fleet.Clusters() {
		if !cluster.Environment.Spec.Traffic.ByIstio() {
			continue
		}
		const chosen = "environment %s chose routing: istio"
		if cluster.Spec.Ingress.LoadBalanced() {
			c.refuse(cluster.Origins.Origin("ingress", "cidrs"), fmt.Sprintf("cluster %s has no gateway", cluster.Name),
				fmt.Sprintf(chosen, cluster.Environment.Name), "name the namespace of Istio's gateway instead of cidrs")
		}
		if cluster.Spec.Ingress.Class != "" {
			c.refuse(cluster.Origins.Origin("ingress", "class"), "a GatewayClass is the Gateway API's",
				fmt.Sprintf(chosen, cluster.Environment.Name), "remove it")
		}
	}
}

// arns reports certificates and web ACLs that a cluster's load balancers cannot have:
// those of another region or account.
func (c *checker) arns() {
	for _, cluster := range c.fleet.Clusters() {
		if tls := cluster.Spec.Ingress.TLS; tls != nil && tls.Certificate != "" {
			c.own(cluster, tls.Certificate, "certificate", "ingress", "tls", "certificate")
		}
		if public := cluster.Spec.Ingress.Public; public != nil && public.WAF != "" {
			c.own(cluster, public.WAF, "web ACL", "ingress", "public", "waf")
		}
	}
}

// own holds an ARN (arn:partition:service:region:account:resource) against where the
// cluster is.
func (c *checker) own(cluster *fleet.Cluster, arn, what string, path ...string) {
	parts := strings.SplitN(arn, ":", 6)
	region, account := parts[3], parts[4]
	if region != cluster.Region.Cloud || account != cluster.Spec.Account {
		c.refuse(cluster.Origins.Origin(path...), fmt.Sprintf("the %s is of region %s and account %s", what, region, account),
			fmt.Sprintf("cluster %s is in region %s and account %s, and its load balancers take no other's", cluster.Name, cluster.Region.Cloud, cluster.Spec.Account),
			"name one from there")
	}
}

// healthChecks reports one that tells of two ways in: what is wrong with one of them
// would turn clients away from the other.
func (c *checker) healthChecks() {
	first := map[string]*fleet.Cluster{}
	for _, cluster := range c.fleet.Clusters() {
		public := cluster.Spec.Ingress.Public
		if public == nil || public.HealthCheck == "" {
			continue
		}
		if other := first[public.HealthCheck]; other != nil {
			c.refuse(cluster.Origins.Origin("ingress", "public", "healthCheck"), fmt.Sprintf("cluster %s has the health check of cluster %s", cluster.Name, other.Name),
				"a health check tells of one way in", "give it one of its own")
			continue
		}
		first[public.HealthCheck] = cluster
	}
}

// canaries reports canaries that would have the name of another model.
func (c *checker) canaries(p *fleet.Placement) {
	names := map[string]bool{}
	for _, m := range p.Models {
		names[m.Name] = true
	}
	for _, m := range p.Models {
		if canary := m.AsCanary(); canary != nil && names[canary.Name] {
			c.refuse(m.Origins.Origin("canary"), fmt.Sprintf("the canary of model %s would be called %s, as another model of the tenant is", m.Name, canary.Name),
				"", "rename that model")
		}
	}
}

// gatherer makes one finding of what several clusters lack for the same line.
type gatherer struct {
	*checker

	order    []lack
	clusters map[lack][]string
}

// lack is what clusters lack; message has a verb for them.
type lack struct {
	at                     fleet.Origin
	message, expected, fix string
}

func newGatherer(c *checker) *gatherer { return &gatherer{checker: c, clusters: map[lack][]string{}} }

func (g *gatherer) note(cluster *fleet.Cluster, at fleet.Origin, message, expected, fix string) {
	l := lack{at, message, expected, fix}
	if g.clusters[l] == nil {
		g.order = append(g.order, l)
	}
	g.clusters[l] = append(g.clusters[l], cluster.Name)
}

func (g *gatherer) report() {
	for _, l := range g.order {
		where := "cluster " + g.clusters[l][0]
		if len(g.clusters[l]) > 1 {
			where = "clusters " + strings.Join(g.clusters[l], ", ")
		}
		g.refuse(l.at, fmt.Sprintf(l.message, where), l.expected, l.fix)
	}
}
