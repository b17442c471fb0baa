package guardrails

import (
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// AllowPrometheus lets the cluster's Prometheus scrape the pods. The Prometheus
// Operator labels them; whatever else runs in their namespace (dashboards, log
// collectors, exporters) has no business with the models.
func AllowPrometheus(p *fleet.Placement) *networkingv1.NetworkPolicy {
	var peers []networkingv1.NetworkPolicyPeer
	if p.Cluster != nil {
		peers = append(peers, podsIn(p.Cluster.Spec.Observability.Namespace, map[string]string{object.LabelName: "prometheus"}))
	}
	return ingressPolicy(p.Tenant, "allow-prometheus",
		"lets the cluster's Prometheus scrape metrics", nil, peers, contract.PortMetrics)
}
