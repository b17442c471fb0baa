package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// storage holds models' volumes against the replicas that would mount them, and
// against their tenant's quota.
func (c *checker) storage(t *fleet.Tenant) {
	var most volumes
	several := newGatherer(c)
	for _, p := range t.Placements {
		v := volumes{cluster: p.Cluster}
		for _, m := range p.Servers() {
			if m.Spec.Storage == nil {
				continue
			}
			if m.CanaryOf == "" {
				oneReplica(several, p, m)
			}
			v.add(m)
		}
		if v.total.Cmp(most.total) > 0 {
			most = v
		}
	}
	several.report()
	if have := t.Spec.Quota.Storage; most.total.Cmp(have) > 0 {
		slices.Sort(most.claims)
		c.refuse(t.Origins.Origin("quota", "storage"),
			fmt.Sprintf("quota.storage is %s, but the models' volumes need %s in cluster %s", have.String(), most.total.String(), most.cluster.Name),
			strings.Join(most.claims, " + "), "raise the quota, or lower the models' storage.size")
	}
}

// oneReplica refuses a volume that one node mounts to a model that may have several
// replicas: all but the first would wait for it for ever. A rollout adds none, as such
// a model is recreated.
func oneReplica(several *gatherer, p *fleet.Placement, m *fleet.Model) {
	if m.Spec.Storage.Access != fleet.ReadWriteOnce || m.Spec.Replicas.Max == 1 {
		return
	}
	several.note(p.Cluster, m.Origins.Origin("storage", "access"),
		fmt.Sprintf("model %s has up to %d replicas in %%s, by the %s, and a volume that one of them can mount",
			m.Name, m.Spec.Replicas.Max, m.Origins.Origin("replicas", "max").Layer),
		"ReadWriteOnce goes with replicas: {min: 1, max: 1}",
		"set those, or read a volume that was filled beforehand with ReadOnlyMany, or remove storage, so that every replica downloads the files")
}

// volumes are what a tenant's models claim in a cluster.
type volumes struct {
	total   resource.Quantity
	claims  []string // what the total is made of
	cluster *fleet.Cluster
}

// add adds a model's claim; a canary may share its model's.
func (v *volumes) add(m *fleet.Model) {
	claim := m.Claim() + " " + m.Spec.Storage.Size.String()
	if !slices.Contains(v.claims, claim) {
		v.claims = append(v.claims, claim)
		v.total.Add(m.Spec.Storage.Size)
	}
}
