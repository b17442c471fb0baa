package serving

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/seconds"
)

const (
	// surgePods is how many pods a rollout runs beyond the wanted number. One: GPUs
	// are scarce, and a quota has to hold the surge.
	surgePods = 1

	// minReadySeconds keeps a rollout from trusting a server that falls over on its
	// first real requests.
	minReadySeconds = 10

	// revisionHistory is short because Git is the history.
	revisionHistory = 3

	// nodeAllowance is the time in which a new GPU node joins and pulls an image of
	// several gigabytes, before the pod's own start begins.
	nodeAllowance = 10 * time.Minute
)

// SurgePods is the number of pods that a rollout of m runs beyond its replicas;
// a quota has to leave room for them.
func SurgePods(m *fleet.Model) int32 {
	if m.Recreated() {
		return 0
	}
	return surgePods
}

// Deployment runs the model's server. It has no replicas where an autoscaler owns
// them: a number here would throw the autoscaler's away at every sync.
func Deployment(p *fleet.Placement, m *fleet.Model) *appsv1.Deployment {
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec: appsv1.DeploymentSpec{
			Replicas:                fixedReplicas(m),
			Selector:                &metav1.LabelSelector{MatchLabels: object.ModelSelector(p.Tenant, m)},
			Strategy:                strategy(m),
			MinReadySeconds:         minReadySeconds,
			RevisionHistoryLimit:    new(int32(revisionHistory)),
			ProgressDeadlineSeconds: new(seconds.Whole(m.Spec.Startup.Timeout.Duration + nodeAllowance)),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      podLabels(p.Tenant, m),
					Annotations: podAnnotations(m),
				},
				Spec: podSpec(p, m),
			},
		},
	}
}

func fixedReplicas(m *fleet.Model) *int32 {
	if !m.Spec.Replicas.Fixed() {
		return nil
	}
	return new(m.Spec.Replicas.Min)
}

// strategy replaces the replicas one by one, but for a model whose volume one node
// mounts: the new pod could wait for the volume on another node while the old one,
// which holds it, waits for the new one to become ready.
func strategy(m *fleet.Model) appsv1.DeploymentStrategy {
	if m.Recreated() {
		return appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}
	}
	return rollingUpdate()
}

// rollingUpdate never takes a pod away before its successor is ready: the
// capacity that the autoscaler asked for is needed during a rollout as well.
func rollingUpdate() appsv1.DeploymentStrategy {
	return appsv1.DeploymentStrategy{
		Type: appsv1.RollingUpdateDeploymentStrategyType,
		RollingUpdate: &appsv1.RollingUpdateDeployment{
			MaxUnavailable: new(intstr.FromInt32(0)),
			MaxSurge:       new(intstr.FromInt32(surgePods)),
		},
	}
}

// podLabels are the model's, and the mark by which the fence lets the ingress in.
func podLabels(t *fleet.Tenant, m *fleet.Model) map[string]string {
	labels := object.ModelLabels(t, m)
	if m.Spec.Expose != nil {
		labels[object.LabelExposed] = "true"
	}
	return labels
}

// skipCredentials is read by EKS's pod identity webhook, which injects
// credentials of both kinds (IRSA and Pod Identity) into every container of a pod
// but those listed here (amazon-eks-pod-identity-webhook, README, "skip-containers").
const skipCredentials = "eks.amazonaws.com/skip-containers"

// podAnnotations keep the tenant's credentials from the server, which runs the
// tenant's model files and needs none, and make new pods when the ConfigMap changes.
func podAnnotations(m *fleet.Model) map[string]string {
	return map[string]string{
		skipCredentials:             contract.ServerContainer,
		object.AnnotationConfigHash: configHash(m),
	}
}
