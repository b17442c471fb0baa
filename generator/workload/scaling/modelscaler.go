package scaling

import (
	"maps"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// transferHPA lets KEDA take over an HPA of the same name that is there already.
// Without it KEDA's webhook refuses the ScaledObject of a cluster that had an HPA
// until now, and Argo CD, which prunes after it applies, would never come to take
// the HPA away (KEDA's documentation, "Scaling Deployments", transfer ownership).
const transferHPA = "scaledobject.keda.sh/transfer-hpa-ownership"

// ModelScaler has KEDA scale the model on its metrics, with its latency as a
// guardrail. There is none where the number of replicas is fixed, or where the
// cluster has a metrics adapter and thus an HPA.
//
// KEDA reads all metrics but CPU and memory from the cluster's Prometheus, whose
// address only a cluster knows: the base lacks it, and KEDA refuses such triggers.
func ModelScaler(p *fleet.Placement, m *fleet.Model) *ScaledObject {
	if m.Spec.Replicas.Fixed() || !p.ScaledByKEDA() {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Annotations = map[string]string{transferHPA: "true"}
	maps.Copy(meta.Annotations, arithmetic(m))
	scaler := &ScaledObject{
		TypeMeta:   metav1.TypeMeta{APIVersion: "keda.sh/v1alpha1", Kind: "ScaledObject"},
		ObjectMeta: meta,
		Spec: ScaledObjectSpec{
			ScaleTargetRef:  ScaleTarget{APIVersion: "apps/v1", Kind: "Deployment", Name: m.Name},
			MinReplicaCount: m.Spec.Replicas.Min,
			MaxReplicaCount: m.Spec.Replicas.Max,
			Advanced:        Advanced{HorizontalPodAutoscalerConfig: HPAConfig{Name: m.Name, Behavior: behavior(m)}},
			Triggers:        triggers(p, m),
		},
	}
	if m.SleepsAtZero() {
		scaler.Spec.CooldownPeriod = new(window(m.Spec.Scaling.Down))
	}
	return scaler
}
