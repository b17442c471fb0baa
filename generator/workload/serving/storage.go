package serving

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// claimed is the model's volume in place of a disk of the node.
func claimed(m *fleet.Model) corev1.Volume {
	return corev1.Volume{
		Name: modelsVolume,
		VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{
				ClaimName: m.Claim(), ReadOnly: readOnlyStorage(m),
			},
		},
	}
}

// readOnlyStorage says whether not even fetch may write where the model's files are.
func readOnlyStorage(m *fleet.Model) bool {
	return m.Spec.Storage != nil && m.Spec.Storage.Access == fleet.ReadOnlyMany
}

// modelsMount is where a container sees the model repository. In a volume, which
// outlives the version, each artifact has a repository of its own: Triton would
// otherwise load the highest version that is there, also after a way back to a lower
// one, and fetch would refuse an artifact that was made anew under an old version.
func modelsMount(m *fleet.Model, readOnly bool) corev1.VolumeMount {
	mount := corev1.VolumeMount{Name: modelsVolume, MountPath: contract.ModelRepository, ReadOnly: readOnly}
	if m.Spec.Storage != nil {
		mount.SubPath = repositoryFolder(m)
	}
	return mount
}

// repositoryFolder is the folder of a volume that holds the repository of one artifact:
// the version for people, and twelve hex digits of the artifact's hash.
func repositoryFolder(m *fleet.Model) string {
	return m.Spec.Version + "-" + m.Spec.Artifact.SHA256[:12]
}

// groupChange spares a volume of many files, which has the right group since its first
// use, from being walked through at every start of a pod.
func groupChange(m *fleet.Model) *corev1.PodFSGroupChangePolicy {
	if m.Spec.Storage == nil {
		return nil
	}
	return new(corev1.FSGroupChangeOnRootMismatch)
}
