package generator_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
)

// externalSecret is what is judged of an ExternalSecret.
type externalSecret struct {
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		SecretStoreRef struct{ Kind, Name string }
		Target         struct{ Name string }
		Data           []struct {
			SecretKey string
			RemoteRef struct{ Key, Property string }
		}
		DataFrom []any
	}
}

func decoded[T any](t *testing.T, o object) T {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var v T
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// No tenant is brought a secret of another tenant, or of another environment: all that
// it is brought is called <environment>/<tenant>/<name> in the store.
func TestSecretsStayBelowTheTenantsPrefix(t *testing.T) {
	f, files := sample(t)
	found := map[string]int{} // by the store's provider
	for p := range f.Placements() {
		prefix := p.Cluster.Environment.Name + "/" + p.Tenant.Name + "/"
		for path := range below(files, "manifests/"+p.Cluster.Name+"/"+p.Tenant.Name+"/") {
			for _, o := range objects(t, files[path]) {
				switch o.text("kind") {
				case "Secret":
					t.Errorf("%s: a Secret is committed: %s", path, o.identity())
				case "ExternalSecret":
					e := decoded[externalSecret](t, o)
					found[string(p.Cluster.Spec.Secrets.Store)]++
					if e.Spec.SecretStoreRef.Kind != "SecretStore" { // of the namespace, so the tenant's
						t.Errorf("%s: %s reads from %+v", path, e.Metadata.Name, e.Spec.SecretStoreRef)
					}
					if e.Spec.DataFrom != nil || len(e.Spec.Data) == 0 { // whatever is found, by patterns
						t.Errorf("%s: %s does not say what it reads", path, e.Metadata.Name)
					}
					for _, d := range e.Spec.Data {
						name, ok := strings.CutPrefix(d.RemoteRef.Key, prefix)
						if !ok || name == "" || strings.ContainsAny(name, "/\\%") || strings.Contains(name, "..") {
							t.Errorf("%s: %s reads %q, which is not below %s", path, e.Metadata.Name, d.RemoteRef.Key, prefix)
						}
					}
				}
			}
		}
	}
	for _, store := range []string{"aws-secrets-manager", "vault"} {
		if found[store] == 0 {
			t.Errorf("nothing is read from a store %s", store)
		}
	}
}

// What a tenant would write to get at somebody else's secret, or to be given the object
// store's credentials, is an error before anything is rendered.
func TestHostileSecretNamesAreRefused(t *testing.T) {
	const ranker, asked = "tenants/acme/models/ranker.yaml", "name: feature-store,"
	for _, name := range []string{
		`"../borealis/core-banking"`, `"borealis/core-banking"`, `"/production/borealis/core-banking"`, `"production/borealis/core-banking"`,
		`"..%2fborealis%2fcore-banking"`, `"..\\borealis\\core-banking"`, `".."`, `"*"`, `"core banking"`, `"{{ .name }}"`, `"$(TENANT)"`,
		`"object-store.credentials"`, `"\u2024\u2024/borealis"`, `""`, `"a\nb"`,
		`"arn:aws:secretsmanager:us-east-1:111122223333:secret:production/borealis/core-banking"`,
	} {
		inputs := sampleInputs(t)
		fleettest.Edit(t, inputs, ranker, asked, "name: "+name+",")
		_, err := generator.Load(inputs)
		if err == nil || !strings.Contains(err.Error(), ranker+":") {
			t.Errorf("a secret called %s: %v", name, err)
		}
	}
}

// Names that differ lead to secrets that differ: no tenant and environment can be
// chosen so that one's secret is another's.
func TestPrefixesOfSecretsDoNotOverlap(t *testing.T) {
	f, _ := sample(t)
	var prefixes []string
	for p := range f.Placements() {
		if prefix := p.SecretPrefix(); !slices.Contains(prefixes, prefix) {
			prefixes = append(prefixes, prefix)
		}
	}
	for i, a := range prefixes {
		if !regexp.MustCompile(`^[a-z0-9-]+/[a-z0-9-]+/$`).MatchString(a) {
			t.Errorf("prefix %q", a)
		}
		for j, b := range prefixes {
			if i != j && strings.HasPrefix(a, b) {
				t.Errorf("prefix %s holds prefix %s", b, a)
			}
		}
	}
}

// Nobody is given the right to read Secrets through Kubernetes: the kubelet and the
// operator do, and people do not.
func TestNoRoleReadsSecrets(t *testing.T) {
	_, files := sample(t)
	roles := 0
	for path := range below(files, "manifests/") {
		for _, o := range objects(t, files[path]) {
			if o.text("kind") != "Role" && o.text("kind") != "ClusterRole" {
				continue
			}
			roles++
			role := decoded[struct {
				Rules []struct{ APIGroups, Resources []string }
			}](t, o)
			for _, rule := range role.Rules {
				if slices.Contains(rule.Resources, "*") || slices.Contains(rule.Resources, "secrets") {
					t.Errorf("%s: %s may touch %v", path, o.identity(), rule.Resources)
				}
			}
		}
	}
	if roles == 0 {
		t.Error("there is no Role")
	}
}
