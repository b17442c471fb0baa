package guardrails_test

import (
	"maps"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

func TestModelsServiceAccountNamesItsRole(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		want      map[string]string // beside the wave
	}{
		{"base knows no account", irsa.Tenant.Base, map[string]string{}},
		{"irsa", irsa, map[string]string{
			"eks.amazonaws.com/role-arn":               "arn:aws:iam::111122223333:role/mlfleet-acme-us-east-production",
			"eks.amazonaws.com/sts-regional-endpoints": "true",
			"mlfleet.dev/iam-role":                     "arn:aws:iam::111122223333:role/mlfleet-acme-us-east-production",
		}},
		// With role-arn beside an association, EKS' webhook would set up IRSA.
		{"pod identity", podIdentity, map[string]string{
			"mlfleet.dev/iam-role": "arn:aws:iam::444455556666:role/mlfleet-acme-eu-west-staging",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			sa := workloadtest.Find[*corev1.ServiceAccount](t, workload.Guardrails(test.placement), object.ModelsServiceAccount)
			got := maps.Clone(sa.Annotations)
			delete(got, object.AnnotationSyncWave)
			if !maps.Equal(got, test.want) {
				t.Errorf("annotations are %v, want %v", got, test.want)
			}
		})
	}
}

func TestNoServiceAccountMountsAToken(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	for _, name := range []string{"default", object.ModelsServiceAccount} {
		sa := workloadtest.Find[*corev1.ServiceAccount](t, workload.Guardrails(irsa), name)
		if sa.AutomountServiceAccountToken == nil || *sa.AutomountServiceAccountToken {
			t.Errorf("ServiceAccount %s mounts a token of the Kubernetes API", name)
		}
	}
	sa := workloadtest.Find[*corev1.ServiceAccount](t, workload.Guardrails(irsa), "default")
	if role, ok := sa.Annotations["eks.amazonaws.com/role-arn"]; ok {
		t.Errorf("the default ServiceAccount takes role %s", role)
	}
}

func TestSecretsServiceAccount(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		store     fleet.StoreKind
		want      map[string]string // beside wave and purpose
	}{
		{"irsa", irsa, fleet.AWSSecretsManager, map[string]string{
			"eks.amazonaws.com/role-arn":               "arn:aws:iam::111122223333:role/mlfleet-secrets.acme-us-east-production",
			"eks.amazonaws.com/sts-regional-endpoints": "true",
			"mlfleet.dev/iam-role":                     "arn:aws:iam::111122223333:role/mlfleet-secrets.acme-us-east-production",
		}},
		{"pod identity", podIdentity, fleet.AWSSecretsManager, map[string]string{
			"mlfleet.dev/iam-role": "arn:aws:iam::444455556666:role/mlfleet-secrets.acme-eu-west-staging",
		}},
		{"vault", irsa, fleet.Vault, map[string]string{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.placement.Cluster.Spec.Secrets = &fleet.SecretStore{Store: test.store, Vault: &fleet.VaultServer{}}
			objects := workload.Guardrails(test.placement)
			sa := workloadtest.Find[*corev1.ServiceAccount](t, objects, object.SecretsServiceAccount)
			got := maps.Clone(sa.Annotations)
			delete(got, object.AnnotationSyncWave)
			delete(got, object.AnnotationPurpose)
			if !maps.Equal(got, test.want) {
				t.Errorf("annotations are %v, want %v", got, test.want)
			}
			if sa.AutomountServiceAccountToken == nil || *sa.AutomountServiceAccountToken {
				t.Error("it mounts a token")
			}
			models := workloadtest.Find[*corev1.ServiceAccount](t, objects, object.ModelsServiceAccount)
			if role := models.Annotations[object.AnnotationIAMRole]; role == sa.Annotations[object.AnnotationIAMRole] {
				t.Errorf("the models can take the role that reads secrets: %s", role)
			}
		})
	}
	_, irsa, _ = workloadtest.Fixture(t)
	for _, o := range workload.Guardrails(irsa) {
		if sa, ok := o.Value.(*corev1.ServiceAccount); ok && sa.Name == object.SecretsServiceAccount {
			t.Error("an account for secrets where the cluster has no store")
		}
	}
}
