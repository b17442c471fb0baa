package nodes_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/e2e/nodes"
)

// TestSample counts what the sample fleet's pools and catalogue say, by hand: a
// reader who changes a pool sees here what the scheduler will be offered.
func TestSample(t *testing.T) {
	clusters, err := nodes.ReadClusters("../..")
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := nodes.ReadCatalogue("../../cue")
	if err != nil {
		t.Fatal(err)
	}
	type offer struct {
		nodes int
		zones int
		what  corev1.ResourceName
		count int64
	}
	want := map[string]map[string]offer{
		"us-east-production": {
			"cpu":       {16, 4, "cpu", 16 * 32},
			"a10g":      {80, 4, "nvidia.com/gpu", 80},
			"l40s-quad": {6, 4, "nvidia.com/gpu", 24},
			"a100-mig":  {3, 3, "nvidia.com/mig-1g.5gb", 48},
			"h100":      {2, 2, "nvidia.com/gpu", 16},
		},
		"us-west-production": {
			"cpu":        {12, 3, "cpu", 12 * 32},
			"a10g":       {60, 3, "nvidia.com/gpu", 60},
			"l4":         {40, 3, "nvidia.com/gpu", 40},
			"h100":       {1, 1, "nvidia.com/gpu", 8},
			"cumulus-l4": {8, 3, "nvidia.com/gpu.shared", 32},
		},
	}
	for _, c := range clusters {
		pools, ok := want[c.Name]
		if !ok {
			continue
		}
		delete(want, c.Name)
		all, err := nodes.Of(c, catalogue)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]offer{}
		zones := map[[2]string]bool{}
		for _, n := range all {
			pool := n.Labels[nodes.PoolLabel]
			o := got[pool]
			o.what = pools[pool].what
			o.nodes++
			o.count += n.Status.Capacity.Name(o.what, "").Value()
			if zone := [2]string{pool, n.Labels[corev1.LabelTopologyZone]}; !zones[zone] {
				zones[zone] = true
				o.zones++
			}
			got[pool] = o
		}
		for pool, o := range pools {
			if got[pool] != o {
				t.Errorf("%s, pool %s: %+v, want %+v", c.Name, pool, got[pool], o)
			}
		}
		if len(got) != len(pools) {
			t.Errorf("%s has pools %v", c.Name, got)
		}
	}
	if len(want) > 0 {
		t.Errorf("no clusters %v", want)
	}
}

// TestCapacityTypes makes sure that a pool's capacity types do not each get zones of
// their own: a model that insists on one is to be spread all the same.
func TestCapacityTypes(t *testing.T) {
	for _, zones := range [][]string{{"a", "b"}, {"a", "b", "c"}, {"a", "b", "c", "d"}} {
		c := nodes.Cluster{Name: "c", Autoscaler: "karpenter", Zones: zones, GPUPools: []nodes.Pool{{
			Name: "p", InstanceTypes: []string{"t"}, MaxNodes: 2 * len(zones), CapacityTypes: []string{"spot", "on-demand"},
		}}}
		all, err := nodes.Of(c, map[string]nodes.InstanceType{"t": {GPUs: 1, VCPU: 4, MemoryGiB: 16}})
		if err != nil {
			t.Fatal(err)
		}
		seen := map[[2]string]int{}
		for _, n := range all {
			if n.Labels[nodes.PoolLabel] == "p" {
				seen[[2]string{n.Labels[corev1.LabelTopologyZone], n.Labels["karpenter.sh/capacity-type"]}]++
			}
		}
		if len(seen) != 2*len(zones) {
			t.Errorf("with %d zones: %v, want each capacity type once in each zone", len(zones), seen)
		}
	}
}
