package serving

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// fetch is the init container that brings the artifact and verifies it against
// the sha256 in the model's file, into <repository>/<model>/<version>/. It is the
// only container with credentials for the object store, and runs before any of
// the tenant's files does. What is in the model's volume already it verifies only, so
// that a volume which it cannot write to must hold the version.
func fetch(p *fleet.Placement, m *fleet.Model) corev1.Container {
	return corev1.Container{
		Name:  contract.FetchContainer,
		Image: contract.FetchPin,
		Args:  []string{"fetch"},
		Env: append([]corev1.EnvVar{
			literal(contract.EnvTenant, p.Tenant.Name),
			literal(contract.EnvModelName, m.Served()),
			literal(contract.EnvModelVersion, m.Spec.Version),
			literal(contract.EnvModelRepository, contract.ModelRepository),
			literal(contract.EnvArtifactURI, m.Spec.Artifact.URI),
			literal(contract.EnvArtifactSHA256, m.Spec.Artifact.SHA256),
			literal("AWS_REGION", cloudRegion(p)),
			literal("HOME", tmpPath),
			// The image asks for all GPUs, as CUDA images do; where the NVIDIA runtime is
			// the default one it would get them, past the device plugin.
			literal("NVIDIA_VISIBLE_DEVICES", "void"),
		}, objectStoreEnvironment(p)...),
		Resources: guaranteed(fetchResources(m)),
		VolumeMounts: []corev1.VolumeMount{
			modelsMount(m, readOnlyStorage(m)),
			{Name: tmpVolume, MountPath: tmpPath},
		},
		SecurityContext:          containerSecurityContext(),
		ImagePullPolicy:          corev1.PullIfNotPresent,
		TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
	}
}

// objectStoreEnvironment is how to reach an object store that is not S3. Keys in the
// environment win over the pod's role of AWS, which such a store does not know.
func objectStoreEnvironment(p *fleet.Placement) []corev1.EnvVar {
	if p.Cluster == nil || p.Cluster.Spec.ObjectStore == nil {
		return nil
	}
	return []corev1.EnvVar{
		literal(contract.EnvS3Endpoint, p.Cluster.Spec.ObjectStore.Endpoint),
		fromSecret(contract.EnvAccessKeyID, object.ObjectStoreSecret),
		fromSecret(contract.EnvSecretAccessKey, object.ObjectStoreSecret),
	}
}

// cloudRegion is where the object store is, by the cloud's own name; empty in a Base.
func cloudRegion(p *fleet.Placement) string {
	if p.Cluster == nil {
		return ""
	}
	return p.Cluster.Region.Cloud
}

// fetchResources are enough to download and hash at the speed of a network card,
// and never more than the server's: a pod asks for the larger of its init
// containers and its containers, so that fetching costs nothing extra.
func fetchResources(m *fleet.Model) corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    smaller(resource.MustParse("1"), m.Spec.Resources.CPU),
		corev1.ResourceMemory: smaller(resource.MustParse("1Gi"), m.Spec.Resources.Memory),
	}
}

func smaller(a, b resource.Quantity) resource.Quantity {
	if a.Cmp(b) < 0 {
		return a
	}
	return b.DeepCopy()
}
