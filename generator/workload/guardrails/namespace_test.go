package guardrails_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestNamespaceEnforcesTheRestrictedProfile(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		enforced  string
	}{
		{"base", irsa.Tenant.Base, "latest"},
		{"us-east-production", irsa, "v1.36"},
		{"eu-west-staging", podIdentity, "v1.35"},
	} {
		t.Run(test.name, func(t *testing.T) {
			ns := workloadtest.Find[*corev1.Namespace](t, workload.Guardrails(test.placement), "tenant-acme")
			for key, want := range map[string]string{
				"pod-security.kubernetes.io/enforce":         "restricted",
				"pod-security.kubernetes.io/enforce-version": test.enforced,
				"pod-security.kubernetes.io/audit":           "restricted",
				"pod-security.kubernetes.io/audit-version":   "latest",
				"pod-security.kubernetes.io/warn":            "restricted",
				"pod-security.kubernetes.io/warn-version":    "latest",
			} {
				if got := ns.Labels[key]; got != want {
					t.Errorf("%s is %q, want %q", key, got, want)
				}
			}
		})
	}
}

// Where a load balancer reaches the pods by itself, a rollout has to wait for it; elsewhere
// nothing would ever answer for the gates.
func TestRolloutsWaitForTheLoadBalancer(t *testing.T) {
	_, gateway, balanced := workloadtest.Fixture(t)
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		want      string
	}{
		{"base", gateway.Tenant.Base, ""},
		{"behind a gateway", gateway, ""},
		{"behind a load balancer", balanced, "enabled"},
	} {
		ns := workloadtest.Find[*corev1.Namespace](t, workload.Guardrails(test.placement), "tenant-acme")
		if got := ns.Labels["elbv2.k8s.aws/pod-readiness-gate-inject"]; got != test.want {
			t.Errorf("%s: gates are %q, want %q", test.name, got, test.want)
		}
	}
}

func TestNamespaceSaysWhoAnswersAndWhoPays(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	ns := workloadtest.Find[*corev1.Namespace](t, workload.Guardrails(irsa), "tenant-acme")
	for key, want := range map[string]string{
		"mlfleet.dev/tenant":      "acme",
		"mlfleet.dev/owner":       "acme-ml",
		"mlfleet.dev/tier":        "gold",
		"mlfleet.dev/cost-center": "cc-1042",
	} {
		if got := ns.Labels[key]; got != want {
			t.Errorf("label %s is %q, want %q", key, got, want)
		}
	}
	for key, want := range map[string]string{
		"mlfleet.dev/display-name": "Acme Retail",
		"mlfleet.dev/owners":       "acme-ml, acme-sre",
		"mlfleet.dev/contacts":     "ml@acme.example, sre@acme.example",
		// Without a person's consent nothing deletes a namespace.
		"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=confirm",
	} {
		if got := ns.Annotations[key]; got != want {
			t.Errorf("annotation %s is %q, want %q", key, got, want)
		}
	}
}

func TestNamespaceSaysWhatWasAgreed(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	egress := "egress to feature-store (10.30.0.0/24, 10.30.1.0/24, port 6379)"
	for _, test := range []struct {
		name       string
		allow      fleet.Allow
		allowances string
		labels     map[string]string
	}{
		{"nothing", fleet.Allow{}, "none", map[string]string{"mlfleet.dev/public": "", "mlfleet.dev/egress": ""}},
		{"ways out", irsa.Tenant.Spec.Allow, egress, map[string]string{"mlfleet.dev/public": "", "mlfleet.dev/egress": "true"}},
		{"both", fleet.Allow{Public: true, Egress: irsa.Tenant.Spec.Allow.Egress}, "public models; " + egress,
			map[string]string{"mlfleet.dev/public": "true", "mlfleet.dev/egress": "true"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			irsa.Tenant.Spec.Allow = test.allow
			irsa.Cluster.Spec.Secrets = &fleet.SecretStore{Store: fleet.AWSSecretsManager}
			ns := workloadtest.Find[*corev1.Namespace](t, workload.Guardrails(irsa), "tenant-acme")
			for key, want := range map[string]string{
				"mlfleet.dev/allowances": test.allowances,
				"mlfleet.dev/agreement":  "tenants/acme/tenant.yaml",
				"mlfleet.dev/secrets":    "aws-secrets-manager: production/acme/",
			} {
				if got := ns.Annotations[key]; got != want {
					t.Errorf("annotation %s is %q, want %q", key, got, want)
				}
			}
			for key, want := range test.labels {
				if got := ns.Labels[key]; got != want {
					t.Errorf("label %s is %q, want %q", key, got, want)
				}
			}
		})
	}
}
