package workload

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/admission"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/observing"
	"github.com/mlfleet/mlfleet/generator/workload/pools"
	"github.com/mlfleet/mlfleet/generator/workload/priority"
	"github.com/mlfleet/mlfleet/generator/workload/scaling"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

// Platform is what a cluster needs once for all tenants, below
// golden/platform/base. Where c is nil it is what the clusters share; what a single
// cluster has beyond that stands in its overlay, below golden/platform/overlays.
func Platform(c *fleet.Cluster, f *fleet.Fleet) []object.Object {
	return slices.Concat(
		object.At("priorityclasses.yaml", priority.Classes(c, f)...),

		object.At("admission.yaml", admission.ImageDigests()),
		object.At("admission.yaml", admission.ResourceRequests()),
		object.At("admission.yaml", admission.Probes()),
		object.At("admission.yaml", admission.NoHostAccess()),
		object.At("admission.yaml", admission.Bindings()...),

		object.At("nodepools.yaml", pools.NodePools(c, f)...),
		object.At("ec2nodeclasses.yaml", pools.EC2NodeClasses(c)...),
		object.At("nodeoverlays.yaml", pools.NodeOverlays(c, f)...),
		object.At("gpu-operator.yaml", pools.MIGLayouts(c)),
		object.At("gpu-operator.yaml", pools.DevicePlugin(c)),
		object.At("cluster-autoscaler.yaml", pools.PriorityExpander(c)),

		object.At("metricsadapter.yaml", scaling.MetricsRules(c)),
		object.At("logs.yaml", observing.LogRouting(c)),

		object.At("gateways.yaml", traffic.SharedGateways(c)...),
		object.At("gateways.yaml", traffic.IstioGateways(c)...),
		object.At("gateways.yaml", traffic.IstioLoadBalancers(c)...),
		object.At("gateways.yaml", traffic.IstioCertificates(c)...),
	)
}
