package fleet

import (
	"net/url"
	"strconv"
)

// ObjectStore is an object store that is not S3 but answers as S3 does, such as MinIO.
type ObjectStore struct {
	// Endpoint is its URL: scheme and host, and a port where it is not the scheme's own.
	Endpoint string `json:"endpoint"`
	// Namespace is where its pods run; "" where it is not in the cluster, and
	// Endpoints.ObjectStore has its addresses.
	Namespace string `json:"namespace,omitempty"`
}

// Port is the TCP port of the endpoint; 0 where its URL is none, which no input has.
func (o ObjectStore) Port() int32 {
	u, err := url.Parse(o.Endpoint)
	if err != nil {
		return 0
	}
	if port, err := strconv.ParseInt(u.Port(), 10, 32); err == nil {
		return int32(port)
	}
	return map[string]int32{"http": 80, "https": 443}[u.Scheme]
}

// VolumeAccess says who mounts a model's volume.
type VolumeAccess string

// The access modes.
const (
	// ReadWriteOnce is one node, whose replica downloads into the volume.
	ReadWriteOnce VolumeAccess = "ReadWriteOnce"
	// ReadOnlyMany is any number of nodes; somebody has filled the volume beforehand.
	ReadOnlyMany VolumeAccess = "ReadOnlyMany"
)

// Storage is a volume that keeps a model's files longer than a replica lives.
type Storage struct {
	Access VolumeAccess `json:"access"`
	Size   Quantity     `json:"size"`
	// Class is the StorageClass; "" is the cluster's default, or none for a Volume.
	Class string `json:"class,omitempty"`
	// Volume and Snapshot are what was filled beforehand; one of them is set, for
	// ReadOnlyMany only.
	Volume   string `json:"volume,omitempty"`
	Snapshot string `json:"snapshot,omitempty"`
}

// Filled is the name of the volume or snapshot that was filled beforehand, or "".
func (s Storage) Filled() string { return s.Volume + s.Snapshot }

// Recreated says whether a rollout takes the model's old replica away before it starts the
// new one, because only one of them can have the volume.
func (m *Model) Recreated() bool {
	return m.Spec.Storage != nil && m.Spec.Storage.Access == ReadWriteOnce
}

// Claim is the name of the claim of the model's volume; "" where it has none. A claim
// of a filled volume has the volume's name in its own: what a claim is bound to
// cannot be changed, so another volume needs another claim. A canary reads the same
// filled volume as its model (a volume has one claim), and has any other for itself.
func (m *Model) Claim() string {
	switch s := m.Spec.Storage; {
	case s == nil:
		return ""
	case s.Access == ReadOnlyMany:
		return m.Served() + "." + s.Filled()
	}
	return m.Name
}

// VolumeName is the name of the PersistentVolume that was filled for the tenant. It
// begins with the tenant's namespace, and the dot is in no tenant's name, so that no
// input can name one of another tenant.
func VolumeName(t *Tenant, volume string) string { return t.Namespace() + "." + volume }
