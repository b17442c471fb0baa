package secrets

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// refreshInterval is how old a Secret may get. AWS takes money for every look.
const refreshInterval = "1h"

// ExternalSecret is the part of external-secrets.io/v1 that we write; see SecretStore.
type ExternalSecret struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              ExternalSecretSpec `json:"spec"`
}

// ExternalSecretSpec says from which store which values go into which Secret.
type ExternalSecretSpec struct {
	RefreshInterval string         `json:"refreshInterval"`
	SecretStoreRef  StoreReference `json:"secretStoreRef"`
	Target          Target         `json:"target"`
	Data            []SecretData   `json:"data"`
}

// StoreReference names a store of the same namespace.
type StoreReference struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
}

// Target is the Secret that the operator makes.
type Target struct {
	Name           string `json:"name"`
	CreationPolicy string `json:"creationPolicy"`
	DeletionPolicy string `json:"deletionPolicy"`
}

// SecretData puts a field of a secret in the store under a key of the Secret.
type SecretData struct {
	SecretKey string    `json:"secretKey"`
	RemoteRef RemoteRef `json:"remoteRef"`
}

// RemoteRef is a field of a secret in the store.
type RemoteRef struct {
	Key      string `json:"key"`
	Property string `json:"property"`
}

// ModelSecrets bring a model the secrets that it asks for, as a Secret of the model's
// name; nil where it asks for none. What the secrets are called in the store only a
// cluster knows, so the base has none either, and its pods do not start.
//
// It has no wave: an ExternalSecret whose secret is missing is not healthy, and in a
// wave before the Deployments it would hold up all models of the tenant. As it is, the
// one model's new pods wait for their Secret, and its old ones serve on.
func ModelSecrets(p *fleet.Placement, m *fleet.Model) *ExternalSecret {
	if p.Cluster == nil || len(m.Spec.Secrets) == 0 {
		return nil
	}
	var data []SecretData
	for _, s := range m.Spec.Secrets {
		data = append(data, SecretData{s.Entry(), RemoteRef{p.RemoteSecret(s), s.Field()}})
	}
	return externalSecret(object.ModelMeta(p, m), data)
}

// ObjectStoreCredentials bring the tenant's models the credentials by which they are
// downloaded, where the object store is not S3 and knows no roles of AWS.
func ObjectStoreCredentials(p *fleet.Placement) *ExternalSecret {
	if p.Cluster == nil || p.Cluster.Spec.ObjectStore == nil {
		return nil
	}
	remote := p.RemoteObjectStoreSecret()
	return externalSecret(object.TenantMeta(p, object.ObjectStoreSecret), []SecretData{
		{contract.EnvAccessKeyID, RemoteRef{remote, "access-key-id"}},
		{contract.EnvSecretAccessKey, RemoteRef{remote, "secret-access-key"}},
	})
}

// externalSecret makes the Secret of its own name. The operator owns the Secret, so
// that it goes with the ExternalSecret; but it stays when the secret is gone from
// the store, as somebody's mistake there should not stop what runs.
func externalSecret(meta metav1.ObjectMeta, data []SecretData) *ExternalSecret {
	return &ExternalSecret{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: "ExternalSecret"},
		ObjectMeta: meta,
		Spec: ExternalSecretSpec{
			RefreshInterval: refreshInterval,
			SecretStoreRef:  StoreReference{Kind: "SecretStore", Name: storeName},
			Target:          Target{Name: meta.Name, CreationPolicy: "Owner", DeletionPolicy: "Retain"},
			Data:            data,
		},
	}
}
