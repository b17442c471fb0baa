package serving

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// nodeSelector picks the nodes of the model's GPU class and capacity type. A
// MIG profile needs no label: no other node offers its resource. A replica that
// shares GPUs goes to the pool that is dedicated to its tenant.
func nodeSelector(p *fleet.Placement, m *fleet.Model) map[string]string {
	selector := map[string]string{}
	if g := m.Spec.GPU; g != nil {
		selector[object.LabelGPUClass] = g.Class
		if g.Shared() {
			selector[object.LabelGPUSharing] = g.Sharing
			selector[object.TaintTenant] = p.Tenant.Name
		}
	}
	if p.Cluster != nil && m.Spec.Capacity != "" {
		label, value := capacityLabel(p.Cluster.Spec.Autoscaler, m.Spec.Capacity)
		selector[label] = value
	}
	if len(selector) == 0 {
		return nil
	}
	return selector
}

// capacityLabel is the label by which a node tells how AWS sells it. Karpenter
// has one (karpenter.sh, "Well-Known Labels"); nodes of EKS managed node groups
// have another (EKS user guide, "Managed node group capacity types"), where
// reserved GPUs come as a capacity block.
func capacityLabel(a fleet.Autoscaler, c fleet.CapacityType) (label, value string) {
	if a == fleet.Karpenter {
		return "karpenter.sh/capacity-type", string(c)
	}
	switch c {
	case fleet.Spot:
		value = "SPOT"
	case fleet.Reserved:
		value = "CAPACITY_BLOCK"
	default:
		value = "ON_DEMAND"
	}
	return "eks.amazonaws.com/capacityType", value
}

// tolerations let a replica onto GPU nodes, and onto shared ones only where they
// are dedicated to its tenant: a model with whole GPUs lacks the second one, and
// so never lands on a shared pool, not even its own tenant's.
func tolerations(t *fleet.Tenant, m *fleet.Model) []corev1.Toleration {
	g := m.Spec.GPU
	if g == nil {
		return nil
	}
	ts := []corev1.Toleration{{
		Key: object.TaintGPU, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule,
	}}
	if g.Shared() {
		ts = append(ts, corev1.Toleration{
			Key: object.TaintTenant, Operator: corev1.TolerationOpEqual, Value: t.Name, Effect: corev1.TaintEffectNoSchedule,
		})
	}
	return ts
}

// topologySpread spreads the replicas of one revision over zones and hosts.
//
// Over zones strictly for CPU models: such nodes are to be had in every zone, and
// without a strict rule a cluster autoscaler may fill one zone. For GPU models only
// as a wish: GPUs of a class are often sold out in a zone, and a replica in the
// wrong zone serves while a pending one does not (Karpenter tries the wish first
// and then gives it up).
//
// Over hosts always as a wish: one node with eight GPUs is meant to hold eight
// replicas.
func topologySpread(t *fleet.Tenant, m *fleet.Model) []corev1.TopologySpreadConstraint {
	zones := corev1.DoNotSchedule
	if m.Spec.GPU != nil {
		zones = corev1.ScheduleAnyway
	}
	return []corev1.TopologySpreadConstraint{
		spread(t, m, corev1.LabelTopologyZone, zones),
		spread(t, m, corev1.LabelHostname, corev1.ScheduleAnyway),
	}
}

// spread counts only pods of the same revision, so that the old ones do not push
// the new ones aside during a rollout; and only nodes whose taints the pod
// tolerates, so that a zone that is down does not block the others.
func spread(t *fleet.Tenant, m *fleet.Model, topology string, when corev1.UnsatisfiableConstraintAction) corev1.TopologySpreadConstraint {
	return corev1.TopologySpreadConstraint{
		MaxSkew:           1,
		TopologyKey:       topology,
		WhenUnsatisfiable: when,
		NodeTaintsPolicy:  new(corev1.NodeInclusionPolicyHonor),
		LabelSelector:     &metav1.LabelSelector{MatchLabels: object.ModelSelector(t, m)},
		MatchLabelKeys:    []string{"pod-template-hash"},
	}
}
