package pools

import (
	"fmt"
	"regexp"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// priorityExpander is the name that the cluster autoscaler looks for ("Priority based
// expander for cluster-autoscaler").
const priorityExpander = "cluster-autoscaler-priority-expander"

// PriorityExpander is the order in which the cluster autoscaler adds nodes: reserved
// before spot before on-demand. A pool has a managed node group for each of its
// capacity types, called <pool>-<capacity type>; AWS calls its Auto Scaling group
// eks-<node group>-<id>. Whatever else there is comes last, but comes: a group
// that no line matches would never grow.
func PriorityExpander(c *fleet.Cluster) *corev1.ConfigMap {
	if c == nil || c.Spec.Autoscaler != fleet.ClusterAutoscaler {
		return nil
	}
	priorities := map[int][]string{1: {".*"}}
	for _, pool := range c.Spec.GPUPools {
		for i, t := range capacityOrder {
			if slices.Contains(pool.CapacityTypes, t) {
				rank := 10 * (len(capacityOrder) - i)
				priorities[rank] = append(priorities[rank], fmt.Sprintf("^eks-%s-%s-[0-9a-f-]+$", regexp.QuoteMeta(pool.Name), t))
			}
		}
	}
	return operatorConfig(object.NamespaceClusterAutoscaler, priorityExpander, map[string]string{"priorities": object.Document(priorities)})
}
