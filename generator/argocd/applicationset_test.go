package argocd

import (
	"fmt"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

func TestApplicationOfAPlacement(t *testing.T) {
	f := testFleet()
	f.Spec.Repository.Path = "ml/fleet"
	in(f, "acme", everywhere...)

	apps := map[string]*Application{}
	for _, a := range applications(t, f) {
		apps[a.Metadata.Name] = a
	}
	for component, proj := range map[string]string{"models": "tenant-acme", "guardrails": "mlfleet-guardrails"} {
		a := apps["acme."+component+".us-east-production"]
		if a == nil {
			t.Fatalf("no Application syncs the %s of acme in us-east-production", component)
		}
		if got, want := a.Spec.Source.Path, "ml/fleet/golden/tenants/acme/"+component+"/overlays/us-east-production"; got != want {
			t.Errorf("path is %s, want %s", got, want)
		}
		if want := (Destination{Name: "eks-us-east-production", Namespace: "tenant-acme"}); a.Spec.Destination != want {
			t.Errorf("destination is %+v, want %+v", a.Spec.Destination, want)
		}
		if a.Spec.Project != proj {
			t.Errorf("project of the %s is %s, want %s", component, a.Spec.Project, proj)
		}
		want := map[string]string{
			object.LabelManagedBy:   "mlfleet",
			object.LabelTenant:      "acme",
			object.LabelCluster:     "us-east-production",
			object.LabelRegion:      "us-east",
			object.LabelEnvironment: production,
			LabelComponent:          component,
		}
		if !reflect.DeepEqual(a.Metadata.Labels, want) {
			t.Errorf("labels are %v, want %v", a.Metadata.Labels, want)
		}
	}
	if a := apps["mlfleet.platform.us-east-production"]; a == nil || a.Spec.Destination.Namespace != "" {
		t.Errorf("the platform's Application is %+v, want one without a namespace", a)
	}
}

// Every Application that a set makes must re-render on a change of what it is built
// of, and on no other.
func TestGeneratePathsAreTheOverlayAndItsBase(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	for _, s := range values[*ApplicationSet](all(f)) {
		for _, a := range expand(t, s) {
			var watched []string
			for _, p := range strings.Split(a.Metadata.Annotations["argocd.argoproj.io/manifest-generate-paths"], ";") {
				watched = append(watched, path.Join(a.Spec.Source.Path, p))
			}
			base := path.Join(path.Dir(path.Dir(a.Spec.Source.Path)), "base")
			if want := []string{a.Spec.Source.Path, base}; !slices.Equal(watched, want) {
				t.Errorf("%s watches %v, want %v", a.Metadata.Name, watched, want)
			}
		}
	}
}

func TestEveryPlacementHasItsApplications(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	idle := in(f, "idle", "us-east", "us-west")
	idle.Placement("us-east-staging").Models = nil
	idle.Placement("us-west-staging").Models = nil
	in(f, "nowhere")

	got := map[string]int{}
	for _, a := range applications(t, f) {
		got[a.Metadata.Labels[object.LabelTenant]+"/"+a.Metadata.Labels[LabelComponent]]++
	}
	want := map[string]int{
		"acme/guardrails": 8, "acme/models": 8,
		"idle/guardrails": 4, "idle/models": 2, // an overlay without objects is not buildable
		"/platform": 8, "/root": 5,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Applications are %v, want %v", got, want)
	}
	for _, o := range Tenant(f, idle) {
		if strings.HasSuffix(o.File, "/models-staging.yaml") {
			t.Errorf("%s is a set that makes nothing", o.File)
		}
	}
}

func TestNamesAreUniqueValidAndShort(t *testing.T) {
	// Tenants whose names run into components, and names of full length.
	long := strings.Repeat("x", 39)
	f := testFleet()
	for _, n := range []string{
		"acme", "acme-models", "models", "guardrails", "mlfleet", "roots", "root", "tenants-00",
		"mlfleet-roots", "mlfleet-platform", "mlfleet-guardrails", long + "a", long + "b",
	} {
		in(f, n, everywhere...)
	}
	label := regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	seen := map[string]string{}
	check := func(kind, name string) {
		if prior := seen[kind+name]; prior != "" {
			t.Errorf("two %ss are named %s", kind, name)
		}
		seen[kind+name] = name
		if len(name) > 63 || !label.MatchString(name) {
			t.Errorf("%s name %q (%d characters) is no label value", kind, name, len(name))
		}
	}
	for _, a := range applications(t, f) {
		check("Application", a.Metadata.Name)
	}
	for _, s := range values[*ApplicationSet](all(f)) {
		check("ApplicationSet", s.Metadata.Name)
	}
	for _, p := range values[*AppProject](all(f)) {
		check("AppProject", p.Metadata.Name)
	}
}

// The sets never delete what runs: these four together, see the package's documentation.
func TestSetsPreserveWhatRuns(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	for _, s := range values[*ApplicationSet](all(f)) {
		if s.Spec.SyncPolicy != (SetSyncPolicy{ApplicationsSync: "create-update", PreserveResourcesOnDeletion: true}) {
			t.Errorf("%s may delete: %+v", s.Metadata.Name, s.Spec.SyncPolicy)
		}
		if !slices.Equal(s.Metadata.Finalizers, []string{"resources-finalizer.argocd.argoproj.io"}) {
			t.Errorf("%s would take its Applications along", s.Metadata.Name)
		}
		if len(s.Spec.Template.Metadata.Finalizers) > 0 {
			t.Errorf("the Applications of %s would take their objects along", s.Metadata.Name)
		}
	}
	for _, a := range applications(t, f) {
		if !slices.Contains(a.Spec.SyncPolicy.SyncOptions, "PrunePropagationPolicy=background") {
			t.Errorf("%s deletes in the foreground", a.Metadata.Name)
		}
	}
}

func TestSyncPolicy(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	for _, a := range applications(t, f) {
		name, policy := a.Metadata.Name, a.Spec.SyncPolicy
		root := a.Metadata.Labels[LabelComponent] == "root"
		rolling := a.Metadata.Labels[LabelComponent] == "models" && a.Metadata.Labels[object.LabelEnvironment] == production
		if want := (Automated{Prune: !root, SelfHeal: !rolling}); policy.Automated != want {
			t.Errorf("%s: automated is %+v, want %+v", name, policy.Automated, want)
		}
		if policy.Retry.Limit != -1 || policy.Retry.Backoff.MaxDuration == "" {
			t.Errorf("%s gives up: %+v", name, policy.Retry)
		}
		for _, option := range []string{"ServerSideApply=true", "ApplyOutOfSyncOnly=true", "CreateNamespace=false"} {
			if !slices.Contains(policy.SyncOptions, option) {
				t.Errorf("%s lacks %s", name, option)
			}
		}
		// A tenant goes from one root to another with the number of shards; nothing else may
		// have two Applications.
		if slices.Contains(policy.SyncOptions, "FailOnSharedResource=true") == root {
			t.Errorf("%s shares objects: %v", name, !root)
		}
		if slices.Contains(policy.SyncOptions, "PruneLast=true") {
			t.Errorf("%s keeps old pods until the new ones, which need their GPUs, are healthy", name)
		}
		if !root && a.Metadata.Annotations["argocd.argoproj.io/compare-options"] != "ServerSideDiff=true" {
			t.Errorf("%s is compared on the client", name)
		}
	}
}

// No text of an input is a template: not of the tenant's, nor of the repository's.
func TestTemplatesAreOurs(t *testing.T) {
	f := testFleet()
	f.Spec.Repository.URL = "https://git.example/" + hostile
	f.Spec.Repository.Revision = hostile
	acme := in(f, "acme", everywhere...)
	acme.Spec.DisplayName, acme.Spec.CostCenter = hostile, hostile
	acme.Spec.Owners = []fleet.Owner{{Group: hostile, Contact: hostile}}
	for _, p := range acme.Placements {
		p.Models[0].Spec.Description = hostile
	}

	ours := regexp.MustCompile(`{{\.(name|cluster|region|environment|destination|path)}}|{{"{{"}}`)
	for _, s := range values[*ApplicationSet](all(f)) {
		eachString(tree(t, s.Spec.Template), func(text string) {
			if strings.Contains(ours.ReplaceAllString(text, ""), "{{") {
				t.Errorf("%s has a template in %q", s.Metadata.Name, text)
			}
		})
		if strings.Contains(s.Spec.Template.Spec.Project, "{{") {
			t.Errorf("%s has a templated project", s.Metadata.Name)
		}
		eachString(tree(t, s.Spec.Generators), func(text string) {
			if strings.Contains(text, "{{") {
				t.Errorf("%s has the text %q in an element", s.Metadata.Name, text)
			}
		})
		for _, a := range expand(t, s) {
			if a.Spec.Source.RepoURL != f.Spec.Repository.URL || a.Spec.Source.TargetRevision != hostile {
				t.Errorf("%s reads %s at %s", a.Metadata.Name, a.Spec.Source.RepoURL, a.Spec.Source.TargetRevision)
			}
		}
	}
}

func TestAddingATenantChangesOnlyItsFiles(t *testing.T) {
	before := testFleet()
	in(before, "acme", everywhere...)
	after := testFleet()
	in(after, "acme", everywhere...)
	in(after, "zebra", everywhere...)

	files := func(f *fleet.Fleet) map[string]string {
		out := map[string]string{}
		for _, o := range all(f) {
			out[o.File] += fmt.Sprint(tree(t, o.Value))
		}
		return out
	}
	old := files(before)
	for file, text := range files(after) {
		if old[file] != text && !strings.Contains(file, "/zebra/") {
			t.Errorf("%s changed", file)
		}
	}
}

func TestDeterminism(t *testing.T) {
	make1 := func() []Object {
		f := testFleet()
		in(f, "acme", everywhere...)
		in(f, "globex", "us-east")
		return all(f)
	}
	first := make1()
	for range 20 {
		if !reflect.DeepEqual(first, make1()) {
			t.Fatal("the same fleet gave other objects")
		}
	}
}
