package check

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// domain holds the names that clusters and environments spell out against the fleet's
// domain: one outside of it is a zone that nobody delegated, or a slip.
func (c *checker) domain() {
	for _, e := range c.fleet.Environments {
		if name := e.Spec.Traffic.Domain; name != "" {
			c.below(e.Origins.Origin("traffic", "domain"), "traffic.domain", name)
		}
	}
	for _, cluster := range c.fleet.Clusters() {
		c.below(cluster.Origins.Origin("ingress", "hostname"), "ingress.hostname", cluster.Spec.Ingress.Hostname)
	}
}

func (c *checker) below(at fleet.Origin, field, name string) {
	domain := c.fleet.Spec.Domain
	if domain == "" || name == "" { // where something is wrong with the documents by themselves
		return
	}
	if name != domain && !strings.HasSuffix(name, "."+domain) {
		c.refuse(at, fmt.Sprintf("%s %q does not lie in the fleet's domain", field, name), domain+" in fleet.yaml", "choose a name below it")
	}
}
