package pools_test

import (
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/pools"
)

func TestMIGLayouts(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	const want = `version: v1
mig-configs:
  a100-mig:
    - devices: all
      mig-enabled: true
      mig-devices:
        1g.5gb: 4
        3g.20gb: 1
  all-disabled:
    - devices: all
      mig-enabled: false
`
	if got := pools.MIGLayouts(p.Cluster).Data["config.yaml"]; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if base := pools.MIGLayouts(nil).Data["config.yaml"]; strings.Contains(base, "a100") || !strings.Contains(base, "all-disabled") {
		t.Errorf("the base has\n%s", base)
	}
}

func TestDevicePlugin(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	p.Cluster.Spec.GPUPools[0].Sharing = &fleet.PoolSharing{Mode: "time-slicing", Replicas: 8, Tenant: "acme"}
	got := pools.DevicePlugin(p.Cluster).Data
	want := map[string]string{
		"default": "version: v1\nflags:\n  migStrategy: mixed\n",
		"mps-4": `version: v1
sharing:
  mps:
    renameByDefault: true
    failRequestsGreaterThanOne: true
    resources:
      - name: nvidia.com/gpu
        replicas: 4
`,
		"time-slicing-8": `version: v1
sharing:
  timeSlicing:
    renameByDefault: true
    failRequestsGreaterThanOne: true
    resources:
      - name: nvidia.com/gpu
        replicas: 8
`,
	}
	for name, text := range want {
		if got[name] != text {
			t.Errorf("%s is\n%s\nwant\n%s", name, got[name], text)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d settings, want %d", len(got), len(want))
	}
}

// Nodes name settings that are there.
func TestNodesNameTheirSettings(t *testing.T) {
	f, p, _ := workloadtest.Fixture(t)
	layouts, plugins := pools.MIGLayouts(p.Cluster).Data["config.yaml"], pools.DevicePlugin(p.Cluster).Data
	named := 0
	for _, pool := range pools.NodePools(p.Cluster, f) {
		labels := pool.Spec.Template.Metadata.Labels
		if layout, ok := labels["nvidia.com/mig.config"]; ok {
			named++
			if !strings.Contains(layouts, "\n  "+layout+":\n") {
				t.Errorf("%s names the layout %s, which is not in\n%s", pool.Name, layout, layouts)
			}
		}
		if plugin, ok := labels["nvidia.com/device-plugin.config"]; ok {
			named++
			if plugins[plugin] == "" {
				t.Errorf("%s names the settings %s, which are not there", pool.Name, plugin)
			}
		}
	}
	if named != 2 {
		t.Errorf("%d pools name settings, want 2", named)
	}
}

// priorities is what the cluster autoscaler reads: it decodes whole numbers, which a
// quoted key would not be.
func priorities(t *testing.T, config *corev1.ConfigMap) map[int][]string {
	t.Helper()
	var out map[int][]string
	if err := yaml.Unmarshal([]byte(config.Data["priorities"]), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestPriorityExpander(t *testing.T) {
	_, karpenter, p := workloadtest.Fixture(t)
	if got := pools.PriorityExpander(karpenter.Cluster); got != nil {
		t.Errorf("a cluster with Karpenter has %v", got.Data)
	}
	p.Cluster.Spec.GPUPools[0].CapacityTypes = []fleet.CapacityType{fleet.OnDemand, fleet.Reserved, fleet.Spot}
	ranks := priorities(t, pools.PriorityExpander(p.Cluster))
	best := func(group string) int {
		highest := 0
		for rank, patterns := range ranks {
			for _, pattern := range patterns {
				if regexp.MustCompile(pattern).MatchString(group) {
					highest = max(highest, rank)
				}
			}
		}
		return highest
	}
	const id = "-8ec4f4d2-76e4-45f6-8b4c-0c2d5b6a4e0e"
	for group, want := range map[string]int{
		"eks-a10g-reserved" + id:      30,
		"eks-a10g-spot" + id:          20,
		"eks-a10g-on-demand" + id:     10,
		"eks-a10g-acme-spot" + id:     20,
		"eks-a10g-acme-reserved" + id: 1, // the pool has none
		"eks-general" + id:            1, // and can grow all the same
	} {
		if got := best(group); got != want {
			t.Errorf("%s has priority %d, want %d", group, got, want)
		}
	}
}
