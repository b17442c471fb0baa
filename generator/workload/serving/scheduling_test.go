package serving

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestNodeSelector(t *testing.T) {
	f, karpenter, clusterAutoscaler := workloadtest.Fixture(t)
	for _, c := range []struct {
		name  string
		p     *fleet.Placement
		model string
		want  map[string]string
	}{
		{"whole GPU", karpenter, "sentiment", map[string]string{"mlfleet.dev/gpu-class": "a10g"}},
		{"CPU", karpenter, "tagger", nil},
		{"MIG", karpenter, "vision", map[string]string{"mlfleet.dev/gpu-class": "a100-40gb"}},
		{"MPS, spot, Karpenter", karpenter, "reranker", map[string]string{
			"mlfleet.dev/gpu-class": "a10g", "mlfleet.dev/gpu-sharing": "mps", "mlfleet.dev/tenant": "acme",
			"karpenter.sh/capacity-type": "spot"}},
		{"MPS, spot, cluster autoscaler", clusterAutoscaler, "reranker", map[string]string{
			"mlfleet.dev/gpu-class": "a10g", "mlfleet.dev/gpu-sharing": "mps", "mlfleet.dev/tenant": "acme",
			"eks.amazonaws.com/capacityType": "SPOT"}},
		{"MPS, spot, base", f.Tenants[0].Base, "reranker", map[string]string{
			"mlfleet.dev/gpu-class": "a10g", "mlfleet.dev/gpu-sharing": "mps", "mlfleet.dev/tenant": "acme"}},
	} {
		if got := podOf(t, c.p, c.model).Spec.NodeSelector; !maps.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCapacityLabel(t *testing.T) {
	for capacity, want := range map[fleet.CapacityType][2]string{
		fleet.OnDemand: {"on-demand", "ON_DEMAND"},
		fleet.Spot:     {"spot", "SPOT"},
		fleet.Reserved: {"reserved", "CAPACITY_BLOCK"},
	} {
		if _, got := capacityLabel(fleet.Karpenter, capacity); got != want[0] {
			t.Errorf("Karpenter: %s is %s, want %s", capacity, got, want[0])
		}
		if _, got := capacityLabel(fleet.ClusterAutoscaler, capacity); got != want[1] {
			t.Errorf("managed node groups: %s is %s, want %s", capacity, got, want[1])
		}
	}
}

// Which nodes a model can get onto, by their taints.
func TestTolerations(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	gpu := corev1.Taint{Key: "nvidia.com/gpu", Value: "present", Effect: corev1.TaintEffectNoSchedule}
	ours := corev1.Taint{Key: "mlfleet.dev/tenant", Value: "acme", Effect: corev1.TaintEffectNoSchedule}
	theirs := corev1.Taint{Key: "mlfleet.dev/tenant", Value: "globex", Effect: corev1.TaintEffectNoSchedule}
	for _, c := range []struct {
		model  string
		taints []corev1.Taint
		want   bool
	}{
		{"tagger", nil, true},
		{"tagger", []corev1.Taint{gpu}, false},
		{"sentiment", []corev1.Taint{gpu}, true},
		{"sentiment", []corev1.Taint{gpu, ours}, false}, // a shared pool, even its own tenant's
		{"vision", []corev1.Taint{gpu}, true},
		{"vision", []corev1.Taint{gpu, ours}, false},
		{"reranker", []corev1.Taint{gpu, ours}, true},
		{"reranker", []corev1.Taint{gpu, theirs}, false},
	} {
		if got := tolerates(podOf(t, p, c.model).Spec.Tolerations, c.taints); got != c.want {
			t.Errorf("%s on %v: %v, want %v", c.model, c.taints, got, c.want)
		}
	}
}

// tolerates follows Kubernetes' rule ("Taints and Tolerations").
func tolerates(tolerations []corev1.Toleration, taints []corev1.Taint) bool {
	for _, taint := range taints {
		matched := false
		for _, toleration := range tolerations {
			matched = matched || (toleration.Key == taint.Key && toleration.Effect == taint.Effect &&
				(toleration.Operator == corev1.TolerationOpExists || toleration.Value == taint.Value))
		}
		if !matched {
			return false
		}
	}
	return true
}

func TestTopologySpread(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	for model, zones := range map[string]corev1.UnsatisfiableConstraintAction{
		"tagger": corev1.DoNotSchedule, "sentiment": corev1.ScheduleAnyway, "vision": corev1.ScheduleAnyway,
	} {
		template := podOf(t, p, model)
		rules := map[string]corev1.UnsatisfiableConstraintAction{}
		for _, c := range template.Spec.TopologySpreadConstraints {
			rules[c.TopologyKey] = c.WhenUnsatisfiable
			if c.MaxSkew != 1 || len(c.MatchLabelKeys) != 1 || c.MatchLabelKeys[0] != "pod-template-hash" {
				t.Errorf("%s: %+v", model, c)
			}
			// A rule that does not select the pod itself spreads nothing.
			if len(c.LabelSelector.MatchLabels) == 0 {
				t.Errorf("%s: %s counts every pod", model, c.TopologyKey)
			}
			for label, value := range c.LabelSelector.MatchLabels {
				if template.Labels[label] != value {
					t.Errorf("%s: %s does not count the pod itself", model, c.TopologyKey)
				}
			}
		}
		want := map[string]corev1.UnsatisfiableConstraintAction{
			"topology.kubernetes.io/zone": zones, "kubernetes.io/hostname": corev1.ScheduleAnyway,
		}
		if !maps.Equal(rules, want) {
			t.Errorf("%s: got %v, want %v", model, rules, want)
		}
	}
}
