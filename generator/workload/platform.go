package workload

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/priority"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

// Platform is what a cluster needs once for all tenants, below
// golden/platform/base. Where c is nil it is what the clusters share; what a single
// cluster has beyond that stands in its overlay, below golden/platform/overlays.
func Platform(c *fleet.Cluster, f *fleet.Fleet) []object.Object {
	return slices.Concat(
		object.At("priorityclasses.yaml", priority.Classes(c, f)...),

		object.At("gateways.yaml", traffic.SharedGateways(c)...),
		object.At("gateways.yaml", traffic.IstioGateways(c)...),
		object.At("gateways.yaml", traffic.IstioLoadBalancers(c)...),
		object.At("gateways.yaml", traffic.IstioCertificates(c)...),
	)
}
