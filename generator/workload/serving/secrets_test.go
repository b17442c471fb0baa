package serving

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/schema"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

func TestSecretsReachTheServerAlone(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Secrets = []fleet.Secret{
		{Name: "payments", Env: "PAYMENTS_KEY"},
		{Name: "client", Key: "certificate", File: "client.pem"},
		{Name: "client", Key: "key", File: "client.key"},
	}
	pod := podSpec(p, m)
	server := pod.Containers[0]

	i := slices.IndexFunc(server.Env, func(e corev1.EnvVar) bool { return e.Name == "PAYMENTS_KEY" })
	if i < 0 {
		t.Fatal("the server has no PAYMENTS_KEY")
	}
	ref := server.Env[i].ValueFrom.SecretKeyRef
	if ref.Name != "sentiment" || ref.Key != "PAYMENTS_KEY" || ref.Optional != nil {
		t.Errorf("PAYMENTS_KEY is %+v; without it the server must not start", ref)
	}

	i = slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Secret != nil })
	if i < 0 {
		t.Fatal("the pod has no volume of a Secret")
	}
	volume := pod.Volumes[i]
	if s := volume.Secret; s.SecretName != "sentiment" || s.Optional != nil || *s.DefaultMode != 0o440 ||
		!slices.Equal(s.Items, []corev1.KeyToPath{{Key: "client.pem", Path: "client.pem"}, {Key: "client.key", Path: "client.key"}}) {
		t.Errorf("the volume is %+v", s)
	}
	mounted := func(c corev1.Container) (string, bool) {
		for _, m := range c.VolumeMounts {
			if m.Name == volume.Name {
				return m.MountPath, m.ReadOnly && m.SubPath == "" // a subPath is not refreshed
			}
		}
		return "", false
	}
	if path, ok := mounted(server); path != "/run/secrets/mlfleet" || !ok {
		t.Errorf("the server has it at %q, well mounted: %t", path, ok)
	}
	if path, _ := mounted(pod.InitContainers[0]); path != "" {
		t.Errorf("fetch has it at %q", path)
	}
	for _, e := range pod.InitContainers[0].Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			t.Errorf("fetch has %s", e.Name)
		}
	}
}

// A secret that took the place of one of these variables would change what the server
// does, so the schema has to refuse each of them.
func TestNoSecretReplacesAVariableOfThePod(t *testing.T) {
	_, p, _ := workloadtest.Fixture(t)
	rules, err := schema.New()
	if err != nil {
		t.Fatal(err)
	}
	accepted := func(variable string) bool {
		t.Helper()
		value, findings := input.Parse("secret.yaml", []byte("{name: payments, env: "+variable+"}"))
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		found, err := rules.Check("#Secret", value)
		if err != nil {
			t.Fatal(err)
		}
		return len(found) == 0
	}
	if !accepted("PAYMENTS_KEY") {
		t.Error("no name is accepted")
	}
	p.Cluster.Spec.ObjectStore = &fleet.ObjectStore{Endpoint: "https://minio.example"}
	for _, m := range p.Models {
		for _, c := range containers(podSpec(p, m)) {
			for _, e := range c.Env {
				if accepted(e.Name) {
					t.Errorf("a secret may be called %s, as a variable of %s is", e.Name, c.Name)
				}
			}
		}
	}
}
