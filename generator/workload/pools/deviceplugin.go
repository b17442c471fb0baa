package pools

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// labelDevicePlugin is how a node names its settings to the device plugin ("GPU
// Operator: Time-Slicing GPUs in Kubernetes").
const labelDevicePlugin = "nvidia.com/device-plugin.config"

// defaultPlugin is what nodes without the label have.
const defaultPlugin = "default"

// pluginConfig is the file format of NVIDIA's device plugin (its README, "Configuration
// File").
type pluginConfig struct {
	Version string         `yaml:"version"`
	Flags   *pluginFlags   `yaml:"flags,omitempty"`
	Sharing *pluginSharing `yaml:"sharing,omitempty"`
}

type pluginFlags struct {
	MIGStrategy string `yaml:"migStrategy"`
}

type pluginSharing struct {
	MPS         *sharedGPUs `yaml:"mps,omitempty"`
	TimeSlicing *sharedGPUs `yaml:"timeSlicing,omitempty"`
}

// sharedGPUs are offered as nvidia.com/gpu.shared, so that nobody who asks for a whole
// GPU gets a share; and one at a time, because two shares may be of one GPU.
type sharedGPUs struct {
	RenameByDefault bool           `yaml:"renameByDefault"`
	OneAtATime      bool           `yaml:"failRequestsGreaterThanOne"`
	Resources       []sharedResult `yaml:"resources"`
}

type sharedResult struct {
	Name     string `yaml:"name"`
	Replicas int    `yaml:"replicas"`
}

// DevicePlugin are the ways in which GPUs of a cluster are offered: whole ones and MIG
// instances each under its own name, and for every way of sharing that a pool has
// one called after it.
func DevicePlugin(c *fleet.Cluster) *corev1.ConfigMap {
	if !hasGPUs(c) {
		return nil
	}
	data := map[string]string{
		defaultPlugin: object.Document(pluginConfig{Version: "v1", Flags: &pluginFlags{MIGStrategy: "mixed"}}),
	}
	for _, pool := range gpuPools(c) {
		if s := pool.Sharing; s != nil {
			data[devicePluginName(s)] = object.Document(pluginConfig{Version: "v1", Sharing: sharing(s)})
		}
	}
	return operatorConfig(object.NamespaceGPUOperator, devicePlugins, data)
}

func sharing(s *fleet.PoolSharing) *pluginSharing {
	shared := &sharedGPUs{
		RenameByDefault: true,
		OneAtATime:      true,
		Resources:       []sharedResult{{Name: string(resourceGPU), Replicas: s.Replicas}},
	}
	if s.Mode == "mps" {
		return &pluginSharing{MPS: shared}
	}
	return &pluginSharing{TimeSlicing: shared}
}

// devicePluginName is what a way of sharing is called: "mps-4".
func devicePluginName(s *fleet.PoolSharing) string { return s.Mode + "-" + strconv.Itoa(s.Replicas) }
