package storage

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// snapshotGroup is the API group of VolumeSnapshots, the CSI project's.
const snapshotGroup = "snapshot.storage.k8s.io"

// Claim is the claim of the model's volume; nil where it has none, and for a canary
// that reads its model's. What is in a volume may have taken hours to get there, so
// Argo CD asks a person before it deletes one.
func Claim(p *fleet.Placement, m *fleet.Model) *corev1.PersistentVolumeClaim {
	s := m.Spec.Storage
	if s == nil || s.Access == fleet.ReadOnlyMany && m.CanaryOf != "" {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Name = m.Claim()
	meta.Annotations = map[string]string{object.AnnotationSyncOptions: object.ConfirmDeletion}
	claim := &corev1.PersistentVolumeClaim{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "PersistentVolumeClaim"},
		ObjectMeta: meta,
		Spec: corev1.PersistentVolumeClaimSpec{
			AccessModes:      []corev1.PersistentVolumeAccessMode{corev1.PersistentVolumeAccessMode(s.Access)},
			Resources:        corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: s.Size}},
			StorageClassName: class(s),
		},
	}
	if s.Volume != "" {
		claim.Spec.VolumeName = fleet.VolumeName(p.Tenant, s.Volume)
	}
	if s.Snapshot != "" {
		claim.Spec.DataSource = &corev1.TypedLocalObjectReference{
			APIGroup: new(snapshotGroup), Kind: "VolumeSnapshot", Name: s.Snapshot,
		}
	}
	return claim
}

// class is the StorageClass: nil lets the cluster choose its default, which for a
// volume that is there already would be wrong, as that has the class "".
func class(s *fleet.Storage) *string {
	if s.Class == "" && s.Volume == "" {
		return nil
	}
	return new(s.Class)
}
