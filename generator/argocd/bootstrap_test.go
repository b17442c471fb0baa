package argocd

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// includes says whether a root reads a file of golden/argocd. Argo CD's globs have no
// separators here: a star stands for anything.
func includes(a *Application, file string) bool {
	prefix, ok := strings.CutSuffix(a.Spec.Source.Directory.Include, "**")
	return ok && strings.HasPrefix(file, prefix)
}

func TestEveryFileHasExactlyOneRoot(t *testing.T) {
	f := testFleet()
	for i := range 40 {
		in(f, fmt.Sprintf("tenant%d", i), everywhere...)
	}
	roots := values[*Application](Bootstrap(f))
	if len(roots) != 5 {
		t.Fatalf("there are %d roots, want the platform's and one a shard", len(roots))
	}
	for _, r := range roots {
		if !r.Spec.Source.Directory.Recurse || r.Spec.Source.Path != "golden/argocd" {
			t.Errorf("%s reads %+v", r.Metadata.Name, r.Spec.Source)
		}
		watched := r.Metadata.Annotations["argocd.argoproj.io/manifest-generate-paths"]
		if want := "/golden/argocd/" + strings.TrimSuffix(r.Spec.Source.Directory.Include, "/**"); watched != want {
			t.Errorf("%s watches %s, want %s", r.Metadata.Name, watched, want)
		}
	}
	for _, o := range all(f) {
		in := 0
		for _, r := range roots {
			if includes(r, o.File) {
				in++
			}
		}
		want := 1
		if o.File == "bootstrap.yaml" {
			want = 0 // what holds everything up is nobody's to change but a person's
		}
		if in != want {
			t.Errorf("%s is read by %d roots, want %d", o.File, in, want)
		}
	}
}

func TestRootsMayWriteArgoCDsKindsOnly(t *testing.T) {
	f := testFleet()
	in(f, "acme", everywhere...)
	p := project(t, f, "mlfleet-roots")
	if p.Spec.ClusterResourceWhitelist != nil {
		t.Errorf("roots may write %v for the whole cluster", p.Spec.ClusterResourceWhitelist)
	}
	if want := []Destination{{Server: "https://kubernetes.default.svc", Namespace: "argocd"}}; !slices.Equal(p.Spec.Destinations, want) {
		t.Errorf("roots may write to %v, want %v", p.Spec.Destinations, want)
	}
	for _, o := range all(f) {
		if gk := groupKind(t, o.Value); !slices.Contains(p.Spec.NamespaceResourceWhitelist, gk) {
			t.Errorf("%s has a %v, which the roots may not write", o.File, gk)
		}
	}
}

// A person who applies bootstrap.yaml to an empty Argo CD needs nothing else.
func TestBootstrapStandsAlone(t *testing.T) {
	f := testFleet()
	projects := values[*AppProject](Bootstrap(f))
	for _, a := range values[*Application](Bootstrap(f)) {
		if !slices.ContainsFunc(projects, func(p *AppProject) bool { return p.Metadata.Name == a.Spec.Project }) {
			t.Errorf("%s needs the project %s", a.Metadata.Name, a.Spec.Project)
		}
		if a.Metadata.Finalizers != nil {
			t.Errorf("to delete %s would delete the fleet", a.Metadata.Name)
		}
	}
	for _, o := range all(f) {
		m := tree(t, o.Value).(map[string]any)["metadata"].(map[string]any)
		if m["namespace"] != "argocd" {
			t.Errorf("%s is in namespace %v", m["name"], m["namespace"])
		}
	}
}

// Argo CD's repository server refuses a directory of more than 10 MB; the package's
// documentation plans a shard for 500 tenants.
func TestAPlannedShardFits(t *testing.T) {
	f := testFleet()
	for _, c := range f.Clusters() { // EKS endpoints are long
		c.Spec.ArgoCD.Server = "https://" + strings.Repeat("0", 32) + ".gr7." + c.Region.Name + "-1.eks.amazonaws.com/" + c.Name
	}
	acme := in(f, strings.Repeat("a", 40), everywhere...)
	size := 0
	for _, o := range Tenant(f, acme) {
		b, err := yaml.Marshal(o.Value)
		if err != nil {
			t.Fatal(err)
		}
		size += len(b)
	}
	t.Logf("a tenant in %d clusters is %d bytes of Argo CD's objects", len(acme.Placements), size)
	if size*500 > 10_000_000 {
		t.Errorf("500 tenants of %d bytes are more than 10 MB", size)
	}
}

func TestShards(t *testing.T) {
	f := &fleet.Fleet{}
	used := map[string]int{}
	for n := range 4000 {
		tenant := fmt.Sprintf("tenant-%d", n)
		for before := 1; before < 12; before++ {
			f.Spec.ArgoCD.Shards = before
			was := Shard(f, tenant)
			if len(was) != 2 || was >= fmt.Sprintf("%02d", before) {
				t.Fatalf("%s is in shard %s of %d", tenant, was, before)
			}
			f.Spec.ArgoCD.Shards = before + 1
			if is := Shard(f, tenant); is != was && is != fmt.Sprintf("%02d", before) {
				t.Fatalf("%s moves from shard %s to %s, which is not the new one", tenant, was, is)
			}
		}
		f.Spec.ArgoCD.Shards = 4
		used[Shard(f, tenant)]++
	}
	for shard, n := range used {
		if n < 800 || n > 1200 {
			t.Errorf("shard %s has %d of 4,000 tenants", shard, n)
		}
	}
	if len(used) != 4 {
		t.Errorf("only %d of 4 shards are used", len(used))
	}
	// The folders of a fleet in use: another hash would move them all.
	f.Spec.ArgoCD.Shards = 200
	for tenant, want := range map[string]string{"acme": "126", "globex": "071", "initech": "007"} {
		if got := Shard(f, tenant); got != want {
			t.Errorf("%s is in shard %s, want %s", tenant, got, want)
		}
	}
}
