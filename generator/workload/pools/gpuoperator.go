package pools

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// The names by which the GPU operator's own settings refer to the ConfigMaps
// (migManager.config.name and devicePlugin.config.name of its Helm chart).
const (
	migLayouts    = "mlfleet-mig-layouts"
	devicePlugins = "mlfleet-device-plugin"
)

// waveOperators comes after what needs no operator's namespace, so that a cluster
// whose GPU operator is not there yet has everything else.
const waveOperators = 1

// operatorConfig is a ConfigMap in an operator's namespace.
func operatorConfig(namespace, name string, data map[string]string) *corev1.ConfigMap {
	meta := object.PlatformMeta(name)
	meta.Namespace = namespace
	meta.Annotations = map[string]string{object.AnnotationSyncWave: strconv.Itoa(waveOperators)}
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		Data:       data,
	}
}

// hasGPUs says whether there is a GPU operator to configure: in the base, and wherever
// a cluster has GPU pools.
func hasGPUs(c *fleet.Cluster) bool { return c == nil || len(c.Spec.GPUPools) > 0 }

func gpuPools(c *fleet.Cluster) []*fleet.GPUPool {
	if c == nil {
		return nil
	}
	return c.Spec.GPUPools
}
