package serving

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
	"github.com/mlfleet/mlfleet/generator/workload/seconds"
)

// nonRoot is the user and group of every container (distroless' "nonroot"). One
// number for all models, because an MPS server serves one user at a time.
const nonRoot = 65532

// podSpec is one replica: fetch brings the verified artifact, then the server
// loads it from a file system that it cannot write to.
func podSpec(p *fleet.Placement, m *fleet.Model) corev1.PodSpec {
	return corev1.PodSpec{
		ServiceAccountName: object.ModelsServiceAccount,
		// Neither container talks to the Kubernetes API.
		AutomountServiceAccountToken:  new(false),
		EnableServiceLinks:            new(false),
		PriorityClassName:             fleet.PriorityClass(p.Tenant.Spec.Tier),
		TerminationGracePeriodSeconds: new(int64(seconds.Whole(m.Spec.Shutdown.GracePeriod.Duration))),
		SecurityContext:               podSecurityContext(m),
		InitContainers:                []corev1.Container{fetch(p, m)},
		Containers:                    []corev1.Container{server(p, m)},
		Volumes:                       volumes(m),
		NodeSelector:                  nodeSelector(p, m),
		Tolerations:                   tolerations(p.Tenant, m),
		TopologySpreadConstraints:     topologySpread(p.Tenant, m),
	}
}

// podSecurityContext is what Pod Security "restricted" asks of a pod.
func podSecurityContext(m *fleet.Model) *corev1.PodSecurityContext {
	return &corev1.PodSecurityContext{
		RunAsNonRoot: new(true),
		RunAsUser:    new(int64(nonRoot)),
		RunAsGroup:   new(int64(nonRoot)),
		FSGroup:      new(int64(nonRoot)),

		FSGroupChangePolicy: groupChange(m),
		SeccompProfile: &corev1.SeccompProfile{
			Type: corev1.SeccompProfileTypeRuntimeDefault,
		},
	}
}

// containerSecurityContext is what "restricted" asks of a container, and a root
// file system that nobody writes to.
func containerSecurityContext() *corev1.SecurityContext {
	return &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		ReadOnlyRootFilesystem:   new(true),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
}

// The volumes of a pod.
const (
	modelsVolume = "models"
	tmpVolume    = "tmp"
	shmVolume    = "shm"

	tmpPath = "/tmp"
	shmPath = "/dev/shm"
)

// models is where the model's files are: on a disk of the node for as long as the pod
// lives, or in the model's volume.
func models(m *fleet.Model) corev1.Volume {
	if m.Spec.Storage != nil {
		return claimed(m)
	}
	limit := resource.NewQuantity(m.Spec.Resources.Memory.Value()*modelsPerMemory, resource.BinarySI)
	return emptyDir(modelsVolume, corev1.StorageMediumDefault, limit)
}

// modelsPerMemory bounds the artifact, as a multiple of the memory asked for: a
// server reads weights through its memory, so more than twice of it is a mistake,
// and should end the pod that made it instead of filling the node's disk.
const modelsPerMemory = 2

func volumes(m *fleet.Model) []corev1.Volume {
	vs := []corev1.Volume{
		models(m),
		emptyDir(tmpVolume, corev1.StorageMediumDefault, new(resource.MustParse("1Gi"))),
	}
	if needsSharedMemory(m) {
		vs = append(vs, emptyDir(shmVolume, corev1.StorageMediumMemory, sharedMemory(m)))
	}
	if files := secretFiles(m); len(files) > 0 {
		vs = append(vs, secretVolume(m, files))
	}
	return vs
}

func emptyDir(name string, medium corev1.StorageMedium, limit *resource.Quantity) corev1.Volume {
	return corev1.Volume{
		Name: name,
		VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{Medium: medium, SizeLimit: limit},
		},
	}
}

// needsSharedMemory says whether the pod gets a /dev/shm of its own: Triton's
// Python backends and its multi-GPU libraries exchange tensors there, and a
// container runtime's 64 MiB are too few. Not under MPS: there NVIDIA's device
// plugin mounts the MPS daemon's /dev/shm, which a volume of ours would hide.
func needsSharedMemory(m *fleet.Model) bool {
	mps := m.Spec.GPU != nil && m.Spec.GPU.Sharing == "mps"
	return m.Spec.Runtime == fleet.Triton && !mps
}

// sharedMemory is the 1 GiB that NVIDIA's guide starts Triton with, but at most a
// quarter of the pod's memory, whose limit it counts against.
func sharedMemory(m *fleet.Model) *resource.Quantity {
	const gib = 1 << 30
	return resource.NewQuantity(min(gib, m.Spec.Resources.Memory.Value()/4), resource.BinarySI)
}
