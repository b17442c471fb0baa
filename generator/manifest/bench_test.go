package manifest

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	sigsyaml "sigs.k8s.io/yaml"
)

// deployment is about what a model's Deployment holds.
func deployment() *appsv1.Deployment {
	labels := map[string]string{
		"app.kubernetes.io/name": "sentiment", "app.kubernetes.io/component": "server", "app.kubernetes.io/part-of": "mlfleet",
		"mlfleet.dev/tenant": "acme", "mlfleet.dev/model": "sentiment", "mlfleet.dev/region": "us-east",
	}
	selector := map[string]string{"mlfleet.dev/tenant": "acme", "mlfleet.dev/model": "sentiment"}
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{
			ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromString("http")}},
			PeriodSeconds: 10, FailureThreshold: 3,
		}
	}
	resources := corev1.ResourceList{
		"cpu": resource.MustParse("2"), "memory": resource.MustParse("8Gi"), "nvidia.com/gpu": resource.MustParse("1"),
	}
	security := &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(bool), ReadOnlyRootFilesystem: new(true),
		Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	mounts := []corev1.VolumeMount{{Name: "models", MountPath: "/models", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}}
	var env []corev1.EnvVar
	for _, name := range []string{"TENANT", "MODEL_NAME", "MODEL_VERSION", "REGION", "CLUSTER", "DEVICE", "MAX_BATCH_SIZE", "MAX_QUEUE_DELAY"} {
		env = append(env, corev1.EnvVar{Name: name, Value: "value of " + name})
	}
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Name: "sentiment", Namespace: "tenant-acme", Labels: labels, Annotations: map[string]string{"argocd.argoproj.io/sync-wave": "0"}},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: selector},
			Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType, RollingUpdate: &appsv1.RollingUpdateDeployment{
				MaxSurge: new(intstr.FromString("25%")), MaxUnavailable: new(intstr.FromInt32(0)),
			}},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					ServiceAccountName: "models", PriorityClassName: "mlfleet-gold", TerminationGracePeriodSeconds: new(int64(60)),
					NodeSelector: map[string]string{"mlfleet.dev/gpu-class": "a10g"},
					Tolerations:  []corev1.Toleration{{Key: "nvidia.com/gpu", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule}},
					SecurityContext: &corev1.PodSecurityContext{
						RunAsNonRoot: new(true), RunAsUser: new(int64(65532)), SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
					},
					TopologySpreadConstraints: []corev1.TopologySpreadConstraint{
						{MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{MatchLabels: selector}},
						{MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway, LabelSelector: &metav1.LabelSelector{MatchLabels: selector}},
					},
					InitContainers: []corev1.Container{{
						Name: "fetch", Image: "inference", Args: []string{"fetch", "--from=s3://acme-models/sentiment/3"}, Env: env,
						Resources: corev1.ResourceRequirements{Requests: resources, Limits: resources}, SecurityContext: security, VolumeMounts: mounts,
					}},
					Containers: []corev1.Container{{
						Name: "server", Image: "inference", Args: []string{"serve"}, Env: env,
						Ports:     []corev1.ContainerPort{{Name: "http", ContainerPort: 8000}, {Name: "grpc", ContainerPort: 8001}, {Name: "metrics", ContainerPort: 8002}},
						Resources: corev1.ResourceRequirements{Requests: resources, Limits: resources}, SecurityContext: security, VolumeMounts: mounts,
						StartupProbe: probe("/v2/health/ready"), ReadinessProbe: probe("/v2/health/ready"), LivenessProbe: probe("/v2/health/live"),
						Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 10}}},
					}},
					Volumes: []corev1.Volume{
						{Name: "models", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: new(resource.MustParse("20Gi"))}}},
						{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
					},
				},
			},
		},
	}
}

// BenchmarkDeployment compares this package with the general encoder on one
// realistic Deployment, from the typed object to the bytes of its YAML.
func BenchmarkDeployment(b *testing.B) {
	d := deployment()
	b.Run("manifest", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			o, err := From(d)
			if err != nil {
				b.Fatal(err)
			}
			buf = o.AppendYAML(buf[:0])
		}
		b.SetBytes(int64(len(buf)))
	})
	b.Run("manifest-From", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := From(d); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sigs-yaml", func(b *testing.B) {
		b.ReportAllocs()
		var buf []byte
		for b.Loop() {
			var err error
			if buf, err = sigsyaml.Marshal(d); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(int64(len(buf)))
	})
}

// BenchmarkParseYAML reads the same Deployment back, as a comparison of two
// trees does.
func BenchmarkParseYAML(b *testing.B) {
	o, err := From(deployment())
	if err != nil {
		b.Fatal(err)
	}
	text := File(o)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseYAML(text); err != nil {
			b.Fatal(err)
		}
	}
}
