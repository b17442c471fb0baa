package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// grants holds what a tenant was granted against what its tier may have, in
// each of its environments.
func (c *checker) grants(t *fleet.Tenant) {
	if len(t.Placements) == 0 {
		if t.Origins != nil && c.complete(t) {
			c.refuse(t.Origins.Origin("placement"), "no cluster is in both the environments and the regions of tenant "+t.Name, "", "name an environment and a region that share a cluster")
		}
		return
	}
	for _, e := range environments(t) {
		tier := e.Spec.Tiers[t.Spec.Tier]
		where := fmt.Sprintf("of tier %s in environment %s", t.Spec.Tier, e.Name)
		c.quotaWithin(t, tier.Quota, where)
		if n := len(t.Base.Models); tier.Models > 0 && n > tier.Models {
			c.refuse(fleet.Origin{Position: t.Position}, fmt.Sprintf("tenant %s has %d models", t.Name, n), fmt.Sprintf("at most %d %s", tier.Models, where), "remove models, or ask for a higher tier")
		}
	}
}

// complete says whether all that a tenant's placement names exists, and was read:
// where it was not, that is what has been reported.
func (c *checker) complete(t *fleet.Tenant) bool {
	for _, name := range t.Spec.Placement.Environments {
		if e := c.fleet.Environment(name); e == nil || e.Spec.Tiers == nil {
			return false
		}
	}
	for _, name := range t.Spec.Placement.Regions {
		if r := c.fleet.Region(name); r == nil || r.Partial {
			return false
		}
	}
	return true
}

func environments(t *fleet.Tenant) []*fleet.Environment {
	var out []*fleet.Environment
	seen := map[*fleet.Environment]bool{}
	for _, p := range t.Placements {
		if e := p.Cluster.Environment; !seen[e] {
			seen[e] = true
			out = append(out, e)
		}
	}
	return out
}

func (c *checker) quotaWithin(t *fleet.Tenant, most fleet.Quota, where string) {
	const fix = "lower it, or raise the tier's quota"
	q := t.Spec.Quota
	over := func(field string, have, limit any) {
		c.refuse(t.Origins.Origin("quota", field), fmt.Sprintf("quota.%s is %v", field, have), fmt.Sprintf("at most %v %s", limit, where), fix)
	}
	if most.CPU.IsZero() { // the environment or the tier is missing, which is reported
		return
	}
	if q.GPUs > most.GPUs {
		over("gpus", q.GPUs, most.GPUs)
	}
	if q.SharedGPUs > most.SharedGPUs {
		over("sharedGpus", q.SharedGPUs, most.SharedGPUs)
	}
	if q.CPU.Cmp(most.CPU) > 0 {
		over("cpu", q.CPU.String(), most.CPU.String())
	}
	if q.Memory.Cmp(most.Memory) > 0 {
		over("memory", q.Memory.String(), most.Memory.String())
	}
	if q.Storage.Cmp(most.Storage) > 0 {
		over("storage", q.Storage.String(), most.Storage.String())
	}
	for _, profile := range keys(q.MIG) {
		if n := q.MIG[profile]; n > most.MIG[profile] {
			c.refuse(t.Origins.Origin("quota", "mig", profile), fmt.Sprintf("quota.mig.%s is %d", profile, n), fmt.Sprintf("at most %d %s", most.MIG[profile], where), fix)
		}
	}
}
