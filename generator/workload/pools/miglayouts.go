package pools

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// labelMIGLayout is how a node names its layout to the MIG manager ("GPU Operator with
// MIG").
const labelMIGLayout = "nvidia.com/mig.config"

// migParted is the file format of nvidia-mig-parted (its README, "v1").
type migParted struct {
	Version string                 `yaml:"version"`
	Configs map[string][]migLayout `yaml:"mig-configs"`
}

type migLayout struct {
	Devices string         `yaml:"devices"`
	Enabled bool           `yaml:"mig-enabled"`
	Parts   map[string]int `yaml:"mig-devices,omitempty"`
}

// MIGLayouts are the partitions of a cluster's GPU pools, by the pool's name. Nodes of
// other pools have the layout all-disabled, as the GPU operator's default is called.
func MIGLayouts(c *fleet.Cluster) *corev1.ConfigMap {
	if !hasGPUs(c) {
		return nil
	}
	file := migParted{Version: "v1", Configs: map[string][]migLayout{
		"all-disabled": {{Devices: "all"}},
	}}
	for _, pool := range gpuPools(c) {
		if pool.MIG != nil {
			file.Configs[pool.Name] = []migLayout{{Devices: "all", Enabled: true, Parts: pool.MIG}}
		}
	}
	return operatorConfig(object.NamespaceGPUOperator, migLayouts, map[string]string{"config.yaml": object.Document(file)})
}
