package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// capacity asks for every model whether a pool of each of its clusters can run a
// replica, and the pools together what a rolling update needs. Whether they are large
// enough for all models is another question.
func (c *checker) capacity(t *fleet.Tenant) {
	var found []shortage
	for _, p := range t.Placements {
		for _, m := range p.Models {
			s, short := c.shortage(p, m)
			if !short {
				continue
			}
			same := slices.IndexFunc(found, func(o shortage) bool { return o.at == s.at && o.message == s.message && o.expected == s.expected })
			if same < 0 {
				same = len(found)
				found = append(found, s)
			}
			found[same].clusters = append(found[same].clusters, p.Cluster.Name)
		}
	}
	for _, s := range found {
		where := "cluster " + s.clusters[0]
		if len(s.clusters) > 1 {
			where = "clusters " + strings.Join(s.clusters, ", ")
		}
		c.refuse(s.at, fmt.Sprintf(s.message, where), s.expected, s.fix)
	}
}

// shortage is what clusters lack for a model.
type shortage struct {
	at                     fleet.Origin
	message, expected, fix string // message has a verb for the clusters
	clusters               []string
}

// shortage asks whether the pools of one cluster can run a model.
func (c *checker) shortage(p *fleet.Placement, m *fleet.Model) (shortage, bool) {
	if m.Spec.GPU == nil {
		return shortage{}, false
	}
	class := m.Spec.GPU.Class
	if _, known := c.fleet.GPUClasses[class]; !known {
		c.refuse(m.Origins.Origin("gpu", "class"), fmt.Sprintf("there is no GPU class %q", class), "", suggest.Fix(class, keys(c.fleet.GPUClasses)))
		return shortage{}, false
	}
	if c.unpartitionable(m) || c.idleGPUs(m) {
		return shortage{}, false
	}
	at := m.Origins.Origin("gpu")
	pools := offers(p, m)
	if len(pools) == 0 {
		return shortage{at: at, message: "no GPU pool of %s offers " + asks(m) + dedicated(p, m), expected: offered(p),
			fix: "choose what the cluster offers, or leave the cluster out with placement or an override"}, true
	}
	if slices.ContainsFunc(pools, c.misdescribed) {
		return shortage{}, false // which is reported: nobody knows what its nodes hold
	}
	if !slices.ContainsFunc(pools, func(pool *fleet.GPUPool) bool { return c.fits(pool, m) }) {
		resources := m.Spec.Resources
		return shortage{at: at, message: "no instance type in %s fits a replica with " + asks(m) + ", cpu " + resources.CPU.String() + " and memory " + resources.Memory.String(),
			expected: c.shapes(pools), fix: "ask for less, or ask the platform team for a larger instance type"}, true
	}
	return c.standstill(p, pools, m)
}

// unpartitionable reports a MIG profile that the GPU class lacks: no pool of any
// cluster could offer it.
func (c *checker) unpartitionable(m *fleet.Model) bool {
	g := m.Spec.GPU
	class, profile := c.fleet.GPUClasses[g.Class], g.MIGProfile()
	if _, known := class.MIG[profile]; known || profile == "" {
		return false
	}
	fix := suggest.Fix(profile, keys(class.MIG))
	if len(class.MIG) == 0 {
		fix = "it cannot be partitioned: take whole GPUs, or a class that can"
	}
	c.refuse(m.Origins.Origin("gpu", "sharing"), fmt.Sprintf("a GPU of class %s has no MIG profile %q", g.Class, profile), "", fix)
	return true
}

// idleGPUs reports a model that asks for GPUs which its server would never use.
func (c *checker) idleGPUs(m *fleet.Model) bool {
	count := m.Spec.GPU.Count
	if m.Spec.Runtime != fleet.ONNX || count < 2 {
		return false
	}
	c.refuse(m.Origins.Origin("gpu", "count"), fmt.Sprintf("a replica asks for %d GPUs, and the server of runtime onnx runs a model on one", count),
		"1", "ask for one, and for more replicas; or take runtime triton, which can use several")
	return true
}

// dedicated says, of a model that wants to share GPUs, whose they are where a pool
// shares them among another tenant's pods.
func dedicated(p *fleet.Placement, m *fleet.Model) string {
	var tenants []string
	for _, pool := range p.Cluster.Spec.GPUPools {
		if s := pool.Sharing; s != nil && pool.Offers(m.Spec.GPU, m.Spec.Capacity, s.Tenant) {
			tenants = append(tenants, s.Tenant)
		}
	}
	if len(tenants) == 0 {
		return ""
	}
	slices.Sort(tenants)
	return " to this tenant: those that do are dedicated to " + strings.Join(slices.Compact(tenants), ", ")
}

// placeable says whether a pool of its cluster offers what a model asks for.
func placeable(p *fleet.Placement, m *fleet.Model) bool {
	return m.Spec.GPU == nil || len(offers(p, m)) > 0
}

func offers(p *fleet.Placement, m *fleet.Model) []*fleet.GPUPool {
	var out []*fleet.GPUPool
	for _, pool := range p.Cluster.Spec.GPUPools {
		if pool.Offers(m.Spec.GPU, m.Spec.Capacity, p.Tenant.Name) {
			out = append(out, pool)
		}
	}
	return out
}

// asks is what a model wants of a pool, in words.
func asks(m *fleet.Model) string {
	g := m.Spec.GPU
	s := fmt.Sprintf("%d %s (%s)", g.Count, g.Class, g.Sharing)
	if m.Spec.Capacity != "" {
		s += " on " + string(m.Spec.Capacity) + " nodes"
	}
	return s
}

// offered is what a cluster has for a tenant, in words.
func offered(p *fleet.Placement) string {
	var out []string
	for _, pool := range p.Cluster.Spec.GPUPools {
		var capacity []string
		for _, t := range pool.CapacityTypes {
			capacity = append(capacity, string(t))
		}
		sharing := fleet.Exclusive
		switch {
		case pool.MIG != nil:
			sharing = "mig-" + strings.Join(keys(pool.MIG), ", mig-")
		case pool.Sharing != nil && pool.Sharing.Tenant != p.Tenant.Name:
			continue
		case pool.Sharing != nil:
			sharing = pool.Sharing.Mode
		}
		out = append(out, fmt.Sprintf("%s (%s; %s)", pool.Class, sharing, strings.Join(capacity, ", ")))
	}
	if len(out) == 0 {
		return "it has no GPU pools for this tenant"
	}
	return "it offers " + strings.Join(out, ", ")
}

// fits says whether an empty node of the pool has room for a replica. What the
// system and its daemons take of a node is not counted: it differs by cluster.
func (c *checker) fits(pool *fleet.GPUPool, m *fleet.Model) bool {
	for _, name := range pool.InstanceTypes {
		t, known := c.fleet.InstanceTypes[name]
		if !known || t.GPUs*c.units(pool, m.Spec.GPU) < m.Spec.GPU.Count {
			continue
		}
		cpu := resource.NewQuantity(int64(t.VCPU), resource.DecimalSI)
		memory := resource.NewQuantity(int64(t.MemoryGiB)<<30, resource.BinarySI)
		if m.Spec.Resources.CPU.Cmp(*cpu) < 0 && m.Spec.Resources.Memory.Cmp(*memory) < 0 {
			return true
		}
	}
	return false
}

// units is how many of what a model asks for one GPU of a pool has.
func (c *checker) units(pool *fleet.GPUPool, g *fleet.GPU) int {
	switch {
	case g.MIGProfile() != "":
		return pool.MIG[g.MIGProfile()]
	case g.Shared():
		return pool.Sharing.Replicas
	}
	return 1
}

func (c *checker) shapes(pools []*fleet.GPUPool) string {
	var out []string
	for _, pool := range pools {
		for _, name := range pool.InstanceTypes {
			t := c.fleet.InstanceTypes[name]
			out = append(out, fmt.Sprintf("%s has %d×%s, %d vCPU, %dGi", name, t.GPUs, t.Class, t.VCPU, t.MemoryGiB))
		}
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), "; ")
}

// pools holds the clusters' GPU pools against the catalogue.
func (c *checker) pools() {
	for _, cluster := range c.fleet.Clusters() {
		for i, pool := range cluster.Spec.GPUPools {
			at := func(path ...string) fleet.Origin {
				return cluster.Origins.Origin(append([]string{"gpuPools", fmt.Sprint(i)}, path...)...)
			}
			class, known := c.fleet.GPUClasses[pool.Class]
			if !known {
				c.refuse(at("class"), fmt.Sprintf("there is no GPU class %q", pool.Class), "", suggest.Fix(pool.Class, keys(c.fleet.GPUClasses)))
				continue
			}
			for j, name := range pool.InstanceTypes {
				c.instanceType(at("instanceTypes", fmt.Sprint(j)), pool, name)
			}
			c.migLayout(at, pool, class)
			c.memoryShare(at, pool)
		}
	}
}

// memoryShare asks whether the pods that share a GPU each get enough of its memory
// to load anything.
func (c *checker) memoryShare(at func(...string) fleet.Origin, pool *fleet.GPUPool) {
	if pool.Sharing == nil {
		return
	}
	most := pool.Sharing.Replicas
	for most > 1 && pool.MemoryShare(most) < fleet.GPUMemoryLeast {
		most--
	}
	if most == pool.Sharing.Replicas {
		return
	}
	c.refuse(at("sharing", "replicas"),
		fmt.Sprintf("%d pods share a GPU of %d GiB: CUDA takes %d MiB of each one's part, and too little is left for a model",
			pool.Sharing.Replicas, pool.MemoryGiB, fleet.GPUMemoryOverhead>>20),
		fmt.Sprintf("at most %d", most), "let fewer pods share it, or take a class with more memory")
}

func (c *checker) instanceType(at fleet.Origin, pool *fleet.GPUPool, name string) {
	t, known := c.fleet.InstanceTypes[name]
	switch {
	case !known:
		c.refuse(at, fmt.Sprintf("instance type %q is not in the catalogue", name), "", suggest.Fix(name, c.typesOf(pool.Class)))
	case t.Class != pool.Class:
		c.refuse(at, fmt.Sprintf("instance type %s has GPUs of class %s, not %s", name, t.Class, pool.Class), "", suggest.Fix(name, c.typesOf(pool.Class)))
	}
}

// misdescribed says whether a pool's instance types are not all of its class.
func (c *checker) misdescribed(pool *fleet.GPUPool) bool {
	return slices.ContainsFunc(pool.InstanceTypes, func(name string) bool { return c.fleet.InstanceTypes[name].Class != pool.Class })
}

func (c *checker) typesOf(class string) []string {
	var out []string
	for _, name := range keys(c.fleet.InstanceTypes) {
		if c.fleet.InstanceTypes[name].Class == class {
			out = append(out, name)
		}
	}
	return out
}

// migLayout asks whether a GPU has the slices for a pool's layout.
func (c *checker) migLayout(at func(...string) fleet.Origin, pool *fleet.GPUPool, class fleet.GPUClass) {
	compute, memory := 0, 0
	for _, profile := range keys(pool.MIG) {
		size, known := class.MIG[profile]
		if !known {
			message := fmt.Sprintf("a GPU of class %s has no MIG profile %q", pool.Class, profile)
			c.refuse(at("mig", profile), message, "", suggest.Fix(profile, keys(class.MIG)))
			return
		}
		compute += size.Compute * pool.MIG[profile]
		memory += size.Memory * pool.MIG[profile]
	}
	if compute > fleet.MIGComputeSlices || memory > fleet.MIGMemorySlices {
		c.refuse(at("mig"), fmt.Sprintf("the MIG layout takes %d compute and %d memory slices of a GPU", compute, memory),
			fmt.Sprintf("at most %d and %d", fleet.MIGComputeSlices, fleet.MIGMemorySlices), "take fewer or smaller instances")
	}
}
