package secrets

import (
	"reflect"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

var (
	aws   = &fleet.SecretStore{Store: fleet.AWSSecretsManager}
	vault = &fleet.SecretStore{Store: fleet.Vault, Vault: &fleet.VaultServer{
		Server: "https://vault.example:8200", Path: "mlfleet", Auth: "eks/eu-west",
	}}
)

func TestStore(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, tc := range []struct {
		name      string
		placement *fleet.Placement
		store     *fleet.SecretStore
		want      Provider
	}{
		{"the operator asks for a token of the tenant's account", irsa, aws, Provider{AWS: &AWSProvider{
			Service: "SecretsManager", Region: "us-east-1",
			Auth: &AWSAuth{JWTAuth{Reference{"secrets"}}},
		}}},
		{"the operator takes the tenant's role", podIdentity, aws, Provider{AWS: &AWSProvider{
			Service: "SecretsManager", Region: "eu-west-1",
			Role: "arn:aws:iam::444455556666:role/mlfleet-secrets.acme-eu-west-staging",
		}}},
		{"the tenant's account logs in to Vault", podIdentity, vault, Provider{Vault: &VaultProvider{
			Server: "https://vault.example:8200", Path: "mlfleet", Version: "v2",
			Auth: VaultAuth{VaultKubernetesAuth{MountPath: "eks/eu-west", Role: "tenant-acme", ServiceAccountRef: Reference{"secrets"}}},
		}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.placement.Cluster.Spec.Secrets = tc.store
			got := Store(tc.placement)
			if !reflect.DeepEqual(got.Spec.Provider, tc.want) {
				t.Errorf("got %+v, want %+v", got.Spec.Provider, tc.want)
			}
			if got.Namespace != "tenant-acme" {
				t.Errorf("it is in namespace %q", got.Namespace)
			}
			// In an earlier wave than the models' account, a store that is not healthy
			// would keep that account from being made.
			if wave := got.Annotations[object.AnnotationSyncWave]; wave != "1" {
				t.Errorf("it is in wave %s", wave)
			}
		})
	}
}

func TestWithoutAStoreThereIsNothing(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, irsa, "sentiment")
	m.Spec.Secrets = []fleet.Secret{{Name: "a", Env: "A"}}
	base := irsa.Tenant.Base
	if Store(irsa) != nil || Store(base) != nil || ModelSecrets(base, m) != nil || ObjectStoreCredentials(base) != nil {
		t.Error("a store, or secrets, where no cluster has any")
	}
	if ObjectStoreCredentials(irsa) != nil {
		t.Error("credentials for S3, which knows the pods' role")
	}
}

func TestModelSecrets(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, irsa, "sentiment")
	if ModelSecrets(irsa, m) != nil {
		t.Error("secrets for a model that asks for none")
	}
	m.Spec.Secrets = []fleet.Secret{
		{Name: "payments", Key: "api-key", Env: "PAYMENTS_KEY"},
		{Name: "client", File: "client.pem"},
	}
	got := ModelSecrets(irsa, m)
	want := []SecretData{
		{"PAYMENTS_KEY", RemoteRef{"production/acme/payments", "api-key"}},
		{"client.pem", RemoteRef{"production/acme/client", "value"}},
	}
	if !reflect.DeepEqual(got.Spec.Data, want) {
		t.Errorf("got %+v, want %+v", got.Spec.Data, want)
	}
	if got.Name != "sentiment" || got.Spec.Target.Name != "sentiment" || got.Spec.SecretStoreRef.Name != storeName {
		t.Errorf("got %+v", got)
	}
	if wave, ok := got.Annotations[object.AnnotationSyncWave]; ok {
		t.Errorf("in wave %s a missing secret holds up all models of the tenant", wave)
	}
}

// A canary's Secret is its own: it may ask for others than its model.
func TestACanaryHasItsOwnSecrets(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, irsa, "sentiment")
	m.Spec.Secrets = []fleet.Secret{{Name: "a", Env: "A"}}
	m.Spec.Canary = &fleet.Canary{Version: "9", Weight: 10}
	if got := ModelSecrets(irsa, m.AsCanary()); got.Name != "sentiment-canary" || got.Spec.Target.Name != "sentiment-canary" {
		t.Errorf("the canary's secrets are %s, into %s", got.Name, got.Spec.Target.Name)
	}
}

func TestObjectStoreCredentials(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	irsa.Cluster.Spec.ObjectStore = &fleet.ObjectStore{Endpoint: "https://minio.example"}
	got := ObjectStoreCredentials(irsa)
	want := []SecretData{
		{"AWS_ACCESS_KEY_ID", RemoteRef{"production/acme/object-store.credentials", "access-key-id"}},
		{"AWS_SECRET_ACCESS_KEY", RemoteRef{"production/acme/object-store.credentials", "secret-access-key"}},
	}
	if !reflect.DeepEqual(got.Spec.Data, want) {
		t.Errorf("got %+v, want %+v", got.Spec.Data, want)
	}
	// A model's file cannot ask for them: no secret's name there has a dot.
	if !strings.Contains(got.Name, ".") || !strings.Contains(want[0].RemoteRef.Key, ".") {
		t.Errorf("a model could be given %s", got.Name)
	}
}
