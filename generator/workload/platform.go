package workload

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/priority"
	"github.com/mlfleet/mlfleet/generator/workload/scaling"
)

// Platform is what a cluster needs once for all tenants, below
// golden/platform/base. Where c is nil it is what the clusters share; what a single
// cluster has beyond that stands in its overlay, below golden/platform/overlays.
func Platform(c *fleet.Cluster, f *fleet.Fleet) []object.Object {
	return slices.Concat(
		object.At("priorityclasses.yaml", priority.Classes(c, f)...),

		object.At("metricsadapter.yaml", scaling.MetricsRules(c)),
	)
}
