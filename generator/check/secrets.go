package check

import "github.com/mlfleet/mlfleet/generator/fleet"

// secrets reports models that ask for secrets where no cluster keeps any.
func (c *checker) secrets(t *fleet.Tenant) {
	lacking := newGatherer(c)
	for _, p := range t.Placements {
		for _, m := range p.Models {
			if len(m.Spec.Secrets) > 0 && p.Cluster.Spec.Secrets == nil {
				lacking.note(p.Cluster, m.Origins.Origin("secrets"), "no secret store serves %s",
					p.Cluster.Region.File+" has no secrets for it", "ask the platform team to add it, or override secrets for it with []")
			}
		}
	}
	lacking.report()
}
