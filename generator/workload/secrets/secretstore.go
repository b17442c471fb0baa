package secrets

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// apiVersion is the external-secrets operator's stable version.
const apiVersion = "external-secrets.io/v1"

// storeName is the name of the one SecretStore of a namespace.
const storeName = "secrets"

// SecretStore is the part of external-secrets.io/v1 that we write. The operator's own
// module would bring the clients of some thirty stores along; its CRD's schema checks
// this one in the tests.
type SecretStore struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              SecretStoreSpec `json:"spec"`
}

// SecretStoreSpec says which store it is; exactly one provider is set.
type SecretStoreSpec struct {
	Provider Provider `json:"provider"`
}

// Provider is a kind of store.
type Provider struct {
	AWS   *AWSProvider   `json:"aws,omitempty"`
	Vault *VaultProvider `json:"vault,omitempty"`
}

// AWSProvider is the secret manager of an AWS region.
type AWSProvider struct {
	Service string `json:"service"`
	Region  string `json:"region"`
	// Role is the role that the operator takes, with credentials of its own.
	Role string `json:"role,omitempty"`
	// Auth says whose credentials it takes instead.
	Auth *AWSAuth `json:"auth,omitempty"`
}

// AWSAuth exchanges a ServiceAccount's token for the role of its annotation.
type AWSAuth struct {
	JWT JWTAuth `json:"jwt"`
}

// JWTAuth names the ServiceAccount.
type JWTAuth struct {
	ServiceAccountRef Reference `json:"serviceAccountRef"`
}

// VaultProvider is a KV engine of a Vault.
type VaultProvider struct {
	Server  string    `json:"server"`
	Path    string    `json:"path"`
	Version string    `json:"version"`
	Auth    VaultAuth `json:"auth"`
}

// VaultAuth is Vault's Kubernetes auth.
type VaultAuth struct {
	Kubernetes VaultKubernetesAuth `json:"kubernetes"`
}

// VaultKubernetesAuth logs in with a ServiceAccount's token.
type VaultKubernetesAuth struct {
	MountPath         string    `json:"mountPath"`
	Role              string    `json:"role"`
	ServiceAccountRef Reference `json:"serviceAccountRef"`
}

// Reference names an object of the same namespace.
type Reference struct {
	Name string `json:"name"`
}

// Store is how the operator reads the tenant's secrets; nil in a Base, and where the
// cluster has no store. It belongs to the fence: whose secrets these are is not the
// tenant's to say.
//
// It comes in the guardrails' last wave. Until its ServiceAccount exists and the store
// lets it in, it is not healthy, and a wave that is not healthy holds up those behind
// it: in the fence's own wave it would keep all models of the tenant from starting.
func Store(p *fleet.Placement) *SecretStore {
	if p.Cluster == nil || p.Cluster.Spec.Secrets == nil {
		return nil
	}
	store := p.Cluster.Spec.Secrets
	s := &SecretStore{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiVersion, Kind: "SecretStore"},
		ObjectMeta: object.GuardrailMeta(p.Tenant, storeName, object.WaveModels),
	}
	switch store.Store {
	case fleet.AWSSecretsManager:
		s.Spec.Provider.AWS = awsProvider(p)
	case fleet.Vault:
		s.Spec.Provider.Vault = vaultProvider(p, store.Vault)
	}
	return s
}

// awsProvider reads as the tenant's role for secrets. With IRSA the operator asks for a
// token of the tenant's ServiceAccount, whose annotation names the role. With Pod
// Identity it cannot: the agent gives credentials to a pod for its own ServiceAccount
// only (external-secrets, "AWS Access", EKS Pod Identity), so the operator takes the
// role with its own, and the role's trust policy lets it.
func awsProvider(p *fleet.Placement) *AWSProvider {
	aws := &AWSProvider{Service: "SecretsManager", Region: p.Cluster.Region.Cloud}
	switch p.Cluster.Spec.Identity {
	case fleet.IRSA:
		aws.Auth = &AWSAuth{JWTAuth{Reference{object.SecretsServiceAccount}}}
	case fleet.PodIdentity:
		aws.Role = fleet.SecretsRoleARN(p.Tenant, p.Cluster)
	}
	return aws
}

// vaultProvider logs in as the tenant's ServiceAccount, to a role of Vault's that is
// named after the namespace. Version 1 of the KV engine keeps no older versions of a
// secret, to go back to.
func vaultProvider(p *fleet.Placement, v *fleet.VaultServer) *VaultProvider {
	return &VaultProvider{
		Server:  v.Server,
		Path:    v.Path,
		Version: "v2",
		Auth: VaultAuth{VaultKubernetesAuth{
			MountPath:         v.Auth,
			Role:              p.Tenant.Namespace(),
			ServiceAccountRef: Reference{object.SecretsServiceAccount},
		}},
	}
}
