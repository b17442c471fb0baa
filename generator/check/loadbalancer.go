package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

// What one application load balancer takes (Elastic Load Balancing, "Quotas for your
// Application Load Balancers"). AWS raises the number of rules for an account that asks,
// and the number of target groups for nobody.
const (
	maxTargetGroups = 100
	maxRules        = 100
)

// balancer is what all models of one of a cluster's entrances share.
type balancer struct {
	cluster  *fleet.Cluster
	entrance fleet.Entrance
}

// loadBalancers reports the model with which a load balancer has too little room for all
// tenants' models: the controller would then change nothing on it any more, for nobody.
// Tenants and models are counted in their order.
func (c *checker) loadBalancers() {
	targetGroups, rules := map[balancer]int{}, map[balancer]int{}
	for p := range c.fleet.Placements() {
		for _, m := range p.Models {
			ownGroups, ownRules := traffic.LoadBalancerShare(p, m)
			if ownRules == 0 {
				continue
			}
			at, b := m.Origins.Origin("expose"), balancer{p.Cluster, m.Spec.Expose.Entrance()}
			if fills(targetGroups, b, ownGroups, maxTargetGroups) {
				c.refuse(at, b.full("target groups", maxTargetGroups, m, targetGroups[b]),
					fmt.Sprintf("%s takes %d, one for the model and one for a canary; AWS allows no more to anybody", m.Name, ownGroups),
					"leave this cluster out with placement, or ask the platform team for a gateway there")
			}
			if fills(rules, b, ownRules, maxRules) {
				c.warn(at.Position, b.full("rules", maxRules, m, rules[b]),
					fmt.Sprintf("%s takes %d; AWS allows more to an account that asks", m.Name, ownRules),
					"ask the platform team whether it did, or leave this cluster out with placement")
			}
		}
	}
}

// fills adds to what a load balancer has, and says whether that is what made it too much.
func fills(have map[balancer]int, b balancer, more, most int) bool {
	before := have[b]
	have[b] += more
	return before <= most && have[b] > most
}

func (b balancer) full(what string, most int, m *fleet.Model, have int) string {
	return fmt.Sprintf("cluster %s's %s load balancer has room for %d %s, and with model %s the fleet's models take %d",
		b.cluster.Name, b.entrance, most, what, m.Name, have)
}
