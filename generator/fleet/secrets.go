package fleet

// StoreKind is where a cluster's secrets are kept.
type StoreKind string

// The secret stores.
const (
	// AWSSecretsManager is that of the cluster's cloud region, in its account.
	AWSSecretsManager StoreKind = "aws-secrets-manager"
	// Vault is a HashiCorp Vault.
	Vault StoreKind = "vault"
)

// SecretStore is where the secrets of the tenants in a cluster are kept.
type SecretStore struct {
	Store StoreKind `json:"store"`
	// Vault is nil with another store.
	Vault *VaultServer `json:"vault,omitempty"`
}

// VaultServer is a Vault as a cluster reaches it.
type VaultServer struct {
	Server string `json:"server"` // URL
	Path   string `json:"path"`   // the mount of a KV engine, version 2
	Auth   string `json:"auth"`   // the mount of Kubernetes auth that knows the cluster
}

// Secret is a secret that a model's server gets; exactly one of Env and File is set.
type Secret struct {
	// Name is the secret's name in the store, below the tenant's prefix.
	Name string `json:"name"`
	// Key is the field of it; see Field.
	Key string `json:"key,omitempty"`
	// Env is the environment variable that holds it.
	Env string `json:"env,omitempty"`
	// File is the name of the file that holds it, below the contract's folder of secrets.
	File string `json:"file,omitempty"`
}

// Field is the field of the secret that holds the value. A secret is a set of fields
// in every store (Vault knows no other, and AWS' own secrets of databases are JSON
// objects), so that a model need not know in which store it is.
func (s Secret) Field() string {
	if s.Key == "" {
		return "value"
	}
	return s.Key
}

// Entry is the key of the Kubernetes Secret under which the value reaches the pod.
func (s Secret) Entry() string {
	if s.Env != "" {
		return s.Env
	}
	return s.File
}

// objectStoreSecret is the name of a tenant's credentials for an object store that is
// not S3. The dot keeps models from asking for it: their secrets' names have none.
const objectStoreSecret = "object-store.credentials"

// RemoteSecret is the name in the cluster's store of a secret that a model asks for:
// <environment>/<tenant>/<name>. No input can name one of another tenant, because
// none of the three parts holds a slash.
func (p *Placement) RemoteSecret(s Secret) string { return p.SecretPrefix() + s.Name }

// RemoteObjectStoreSecret is the name in the cluster's store of the tenant's
// credentials for the object store.
func (p *Placement) RemoteObjectStoreSecret() string { return p.SecretPrefix() + objectStoreSecret }

// SecretPrefix is what the names of all secrets of the tenant begin with.
func (p *Placement) SecretPrefix() string {
	return p.Cluster.Environment.Name + "/" + p.Tenant.Name + "/"
}
