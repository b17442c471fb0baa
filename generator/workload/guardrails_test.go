package workload

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

func render(t *testing.T, objects []object.Object) string {
	t.Helper()
	var b strings.Builder
	for _, o := range objects {
		text, err := yaml.Marshal(o.Value)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "# %s\n%s", o.File, text)
	}
	return b.String()
}

func TestGuardrailsAreTheSameObjectsEverywhere(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	base := workloadtest.Identities(t, Guardrails(irsa.Tenant.Base))
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		if got := workloadtest.Identities(t, Guardrails(p)); !slices.Equal(got, base) {
			t.Errorf("%s has\n%q\nthe base has\n%q", p.Cluster.Name, got, base)
		}
	}
	sorted := slices.Clone(base)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) != len(base) {
		t.Errorf("an object is there twice: %q", base)
	}
}

func TestGuardrailsAreDeterministic(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	want := render(t, Guardrails(irsa))
	for range 20 {
		_, again, _ := workloadtest.Fixture(t)
		if got := render(t, Guardrails(again)); got != want {
			t.Fatalf("two renderings differ:\n%s\n---\n%s", want, got)
		}
	}
}

func TestGuardrailsDoNotShareStateWithTheFleetOrEachOther(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	want := render(t, Guardrails(irsa))
	for _, o := range Guardrails(irsa) {
		m := workloadtest.MetaOf(t, o)
		m.GetLabels()["spoilt"] = "true"
		m.GetAnnotations()["spoilt"] = "true"
		if quota, ok := o.Value.(*corev1.ResourceQuota); ok {
			clear(quota.Spec.Hard)
		}
	}
	if render(t, Guardrails(irsa)) != want {
		t.Error("changing the objects of one call changed those of the next")
	}
}

// Waves order the parts of one sync: a pod cannot start without its ServiceAccount,
// so the ServiceAccount has to come after all that bounds the pod.
func TestFenceIsCompleteBeforeAPodCanStart(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	for _, o := range Guardrails(irsa) {
		m := workloadtest.MetaOf(t, o)
		wave, err := strconv.Atoi(m.GetAnnotations()["argocd.argoproj.io/sync-wave"])
		if err != nil {
			t.Errorf("%s %s: %v", workloadtest.KindOf(t, o), m.GetName(), err)
			continue
		}
		want := 0
		switch {
		case workloadtest.KindOf(t, o) == "Namespace":
			want = -1
		case workloadtest.KindOf(t, o) == "ServiceAccount" && m.GetName() == object.ModelsServiceAccount:
			want = 1
		}
		if wave != want {
			t.Errorf("%s %s is in wave %d, want %d", workloadtest.KindOf(t, o), m.GetName(), wave, want)
		}
	}
}

func TestGuardrailsStayInTheTenantsNamespace(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	for _, o := range Guardrails(irsa) {
		m := workloadtest.MetaOf(t, o)
		if workloadtest.KindOf(t, o) == "Namespace" {
			if m.GetName() != "tenant-acme" || m.GetNamespace() != "" {
				t.Errorf("namespace is %q in %q", m.GetName(), m.GetNamespace())
			}
			continue
		}
		if m.GetNamespace() != "tenant-acme" {
			t.Errorf("%s %s is in namespace %q", workloadtest.KindOf(t, o), m.GetName(), m.GetNamespace())
		}
	}
}

// What the API server refuses would only show up in a cluster.
func TestMetadataIsValid(t *testing.T) {
	f, irsa, _ := workloadtest.Fixture(t)
	objects := append(Guardrails(irsa), Platform(irsa.Cluster, f)...)
	for _, o := range objects {
		m := workloadtest.MetaOf(t, o)
		if errs := validation.IsDNS1123Subdomain(m.GetName()); errs != nil {
			t.Errorf("%s %q: %v", workloadtest.KindOf(t, o), m.GetName(), errs)
		}
		for key, value := range m.GetLabels() {
			if errs := append(validation.IsQualifiedName(key), validation.IsValidLabelValue(value)...); errs != nil {
				t.Errorf("%s %s, label %s=%q: %v", workloadtest.KindOf(t, o), m.GetName(), key, value, errs)
			}
		}
		for key := range m.GetAnnotations() {
			if errs := validation.IsQualifiedName(key); errs != nil {
				t.Errorf("%s %s, annotation %s: %v", workloadtest.KindOf(t, o), m.GetName(), key, errs)
			}
		}
		if m.GetLabels()[object.LabelManagedBy] != "mlfleet" {
			t.Errorf("%s %s has labels %v", workloadtest.KindOf(t, o), m.GetName(), m.GetLabels())
		}
	}
}
