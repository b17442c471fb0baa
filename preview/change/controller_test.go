package change

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/argoproj/argo-cd/v2/applicationset/controllers"
	"github.com/argoproj/argo-cd/v2/applicationset/generators"
	"github.com/argoproj/argo-cd/v2/applicationset/metrics"
	"github.com/argoproj/argo-cd/v2/applicationset/utils"
	"github.com/argoproj/argo-cd/v2/pkg/apis/application/v1alpha1"
	"github.com/sirupsen/logrus"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	kubefake "k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/tools/record"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/mlfleet/mlfleet/preview/argotree"
	"github.com/mlfleet/mlfleet/preview/expand"
	"github.com/mlfleet/mlfleet/preview/files"
)

// hub is Argo CD's own ApplicationSet controller over an API server in memory.
type hub struct {
	client.WithWatch
	controller controllers.ApplicationSetReconciler
}

func newHub(t *testing.T) *hub {
	t.Helper()
	logrus.SetOutput(io.Discard)
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	project := &v1alpha1.AppProject{ObjectMeta: metav1.ObjectMeta{Name: "p", Namespace: "argocd"}}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(project).WithStatusSubresource(&v1alpha1.ApplicationSet{}).
		WithIndex(&v1alpha1.Application{}, ".metadata.controller", func(o client.Object) []string {
			if owner := metav1.GetControllerOf(o); owner != nil {
				return []string{owner.Name}
			}
			return nil
		}).Build()
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "east", Namespace: "argocd", Labels: map[string]string{"argocd.argoproj.io/secret-type": "cluster"}},
		Data:       map[string][]byte{"name": []byte("east"), "server": []byte("https://east.example"), "config": []byte("{}")},
	}
	return &hub{c, controllers.ApplicationSetReconciler{
		Client: c, Scheme: scheme, Recorder: record.NewFakeRecorder(1000), Renderer: &utils.Render{},
		Generators:    map[string]generators.Generator{"List": generators.NewListGenerator()},
		KubeClientset: kubefake.NewSimpleClientset(secret), ArgoCDNamespace: "argocd",
		Policy: v1alpha1.ApplicationsSyncPolicySync, EnablePolicyOverride: true, EnableProgressiveSyncs: true,
		Metrics: metrics.NewFakeAppsetMetrics(c),
	}}
}

// apply brings a set to the hub as a root would, and lets the controller work.
func (h *hub) apply(t *testing.T, set *v1alpha1.ApplicationSet) {
	t.Helper()
	name := types.NamespacedName{Namespace: set.Namespace, Name: set.Name}
	var live v1alpha1.ApplicationSet
	err := h.Get(t.Context(), name, &live)
	if err == nil {
		live.Spec = set.Spec
		err = h.Update(t.Context(), &live)
	} else {
		set := set.DeepCopy()
		set.UID = types.UID(set.Name)
		err = h.Create(t.Context(), set)
	}
	if err != nil {
		t.Fatal(err)
	}
	h.reconcile(t, name)
}

// remove deletes a set as a root that prunes would: Kubernetes waits for the finalizer,
// and collects what the set still owns.
func (h *hub) remove(t *testing.T, set *v1alpha1.ApplicationSet) {
	t.Helper()
	if err := h.Delete(t.Context(), set.DeepCopy()); err != nil {
		t.Fatal(err)
	}
	h.reconcile(t, types.NamespacedName{Namespace: set.Namespace, Name: set.Name})
	for _, app := range h.applications(t) {
		if owner := metav1.GetControllerOf(&app); owner != nil && owner.Name == set.Name {
			if err := h.Delete(t.Context(), &app); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (h *hub) reconcile(t *testing.T, name types.NamespacedName) {
	t.Helper()
	// The second time progressive syncs see the Applications that the first made. What
	// the controller says of an Application that it may not have is tested by its absence.
	for range 2 {
		_, _ = h.controller.Reconcile(t.Context(), ctrl.Request{NamespacedName: name})
	}
}

func (h *hub) applications(t *testing.T) []v1alpha1.Application {
	t.Helper()
	var list v1alpha1.ApplicationList
	if err := h.List(t.Context(), &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

// state is what is on the hub, or will be: who owns an Application and where it goes.
type state map[string]string

func (h *hub) state(t *testing.T) state {
	t.Helper()
	out := state{}
	for _, app := range h.applications(t) {
		owner := "nobody"
		if o := metav1.GetControllerOf(&app); o != nil {
			owner = o.Name
		}
		out[app.Name] = owner + " " + app.Spec.Source.Path + " automated=" + strconv.FormatBool(app.Spec.SyncPolicy != nil && app.Spec.SyncPolicy.Automated != nil)
	}
	return out
}

// tree is golden/argocd with one or two sets, and a root that may prune.
func tree(t *testing.T, prune bool, sets ...string) *Side {
	t.Helper()
	f := files.Files{"golden/argocd/bootstrap.yaml": fmt.Appendf(nil, `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: root, namespace: argocd}
spec:
  project: p
  destination: {name: in-cluster, namespace: argocd}
  source: {repoURL: "https://x.example", path: golden/argocd, directory: {recurse: true, include: "sets/**"}}
  syncPolicy: {automated: {prune: %t}}
`, prune)}
	for i, set := range sets {
		f[fmt.Sprintf("golden/argocd/sets/%d.yaml", i)] = []byte(set)
	}
	tr := argotree.Read(f)
	if len(tr.Findings) > 0 {
		t.Fatal(tr.Findings)
	}
	expanded, err := expand.Tree(context.Background(), tr)
	if err != nil {
		t.Fatal(err)
	}
	return &Side{tr, expanded}
}

// set is a set with Applications, each "name=path"; its other parts are lines to put in.
func set(name, policy, finalizer, strategy string, apps ...string) string {
	var elements strings.Builder
	for _, a := range apps {
		app, path, _ := strings.Cut(a, "=")
		fmt.Fprintf(&elements, "      - {name: %s, path: %q, region: %s}\n", app, path, app[:1])
	}
	return fmt.Sprintf(`apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: %s, namespace: argocd%s}
spec:
  goTemplate: true
  generators:
  - list:
      elements:
%s  syncPolicy: {%s preserveResourcesOnDeletion: true}
%s
  template:
    metadata: {name: "{{.name}}", labels: {region: "{{.region}}"}}
    spec:
      project: p
      destination: {name: east, namespace: team}
      source: {repoURL: "https://x.example", path: "{{.path}}"}
      syncPolicy: {automated: {prune: true}}
`, name, finalizer, elements.String(), policy, strategy)
}

const rollingSync = `  strategy:
    type: RollingSync
    rollingSync:
      steps:
      - matchExpressions: [{key: region, operator: In, values: [a, b]}]
      - matchExpressions: [{key: region, operator: NotIn, values: [a, c]}]
      - matchExpressions: [{key: region, operator: NotIn, values: [a, b, c]}, {key: other, operator: NotIn, values: [x]}]
      - matchExpressions: [{key: other, operator: In, values: [x]}]`

// What Between predicts is what Argo CD's own controller does, for every policy, with
// and without finalizer, when Applications come, change and go, when their set goes,
// when two sets claim one, and when a set turns to rolling syncs.
func TestBetweenIsWhatTheControllerDoes(t *testing.T) {
	policies := []string{"", "applicationsSync: sync,", "applicationsSync: create-only,", "applicationsSync: create-update,", "applicationsSync: create-delete,"}
	finalizers := []string{"", ", finalizers: [resources-finalizer.argocd.argoproj.io]"}
	cases := map[string]func(policy, finalizer string) (old, new []string){
		"come, change, go": func(p, f string) ([]string, []string) {
			return []string{set("s", p, f, "", "a=1", "b=1", "c=1")}, []string{set("s", p, f, "", "a=1", "b=2", "d=1")}
		},
		"all go": func(p, f string) ([]string, []string) {
			return []string{set("s", p, f, "", "a=1")}, []string{set("s", p, f, "")}
		},
		"the set goes": func(p, f string) ([]string, []string) {
			return []string{set("r", p, f, "", "a=1"), set("s", p, f, "", "b=1")}, []string{set("r", p, f, "", "a=1")}
		},
		"policy changes": func(p, f string) ([]string, []string) {
			return []string{set("s", "", f, "", "a=1", "b=1")}, []string{set("s", p, f, "", "a=2")}
		},
		"to rolling sync": func(p, f string) ([]string, []string) {
			return []string{set("s", p, f, "", "a=1", "c=1", "d=1")}, []string{set("s", p, f, rollingSync, "a=1", "c=2", "d=1")}
		},
		"claimed by a second set": func(p, f string) ([]string, []string) {
			return []string{set("s", p, f, "", "a=1")}, []string{set("s", p, f, "", "a=1"), set("z", p, f, "", "a=2", "b=1")}
		},
		"moved to a second set": func(p, f string) ([]string, []string) {
			return []string{set("s", p, f, "", "a=1", "b=1")}, []string{set("s", p, f, "", "b=1"), set("z", p, f, "", "a=2")}
		},
	}
	for name, sets := range cases {
		for _, policy := range policies {
			for _, finalizer := range finalizers {
				for _, prune := range []bool{true, false} {
					old, now := sets(policy, finalizer)
					t.Run(fmt.Sprintf("%s %s%s prune %t", name, policy, finalizer, prune), func(t *testing.T) {
						compare(t, tree(t, prune, old...), tree(t, prune, now...), prune)
					})
				}
			}
		}
	}
}

// compare lets the controller go from old to new, and Between say where that leads.
func compare(t *testing.T, old, now *Side, prune bool) {
	t.Helper()
	h := newHub(t)
	for _, s := range old.Tree.Sets {
		h.apply(t, s.ApplicationSet)
	}
	before := h.state(t)
	for _, s := range now.Tree.Sets {
		h.apply(t, s.ApplicationSet)
	}
	for _, s := range old.Tree.Sets {
		gone := !slices.ContainsFunc(now.Tree.Sets, func(n argotree.Set) bool { return n.Name == s.Name })
		if gone && prune {
			h.remove(t, s.ApplicationSet)
		}
	}
	after := h.state(t)
	changes := Between(old, now)
	if got := predicted(t, before, now, changes); !maps.Equal(got, after) {
		t.Errorf("from %v\nBetween leads to %v\nthe controller  to %v\nchanges: %+v", before, got, after, changes)
	}
}

// predicted is the hub's state after changes.
func predicted(t *testing.T, before state, now *Side, changes []Change) state {
	t.Helper()
	out := maps.Clone(before)
	write := func(c Change) {
		for _, a := range now.Applications {
			if a.Name == c.Application && a.SetName() == c.Set {
				spec := a.OnHub()
				out[a.Name] = c.Set + " " + spec.Source.Path + " automated=" + strconv.FormatBool(spec.SyncPolicy.Automated != nil)
			}
		}
	}
	for _, effect := range []Effect{Deleted, Created, Altered, Orphaned, Held, Refused} { // a deleted one may be made again
		for _, c := range changes {
			switch {
			case c.Effect != effect:
			case effect == Deleted:
				delete(out, c.Application)
			case effect == Created, effect == Altered:
				write(c)
			case effect == Orphaned && strings.Contains(c.Note, "leaves its Applications"):
				_, rest, _ := strings.Cut(out[c.Application], " ")
				out[c.Application] = "nobody " + rest
			}
		}
	}
	return out
}

// The steps that expand finds are those that the controller writes into a set's status.
func TestStepsAreTheControllers(t *testing.T) {
	side := tree(t, false, set("s", "", "", rollingSync, "a=1", "b=1", "c=1", "d=1"))
	h := newHub(t)
	h.apply(t, side.Tree.Sets[0].ApplicationSet)
	var live v1alpha1.ApplicationSet
	if err := h.Get(t.Context(), types.NamespacedName{Namespace: "argocd", Name: "s"}, &live); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, status := range live.Status.ApplicationStatus {
		want[status.Application] = status.Step
	}
	got := map[string]string{}
	several := map[string]bool{}
	for _, a := range side.Applications {
		if a.Set != nil {
			got[a.Name] = strconv.Itoa(cmp.Or(a.Step(), -1)) // -1 is the controller's word for none
			several[a.Name] = len(a.Matched) > 1
		}
	}
	if !maps.Equal(got, want) || len(got) != 4 {
		t.Errorf("got steps %v, and the controller has %v", got, want)
	}
	if got["c"] != "-1" || !several["b"] || !several["d"] || several["a"] {
		t.Errorf("the test has lost its point: %v, several: %v", got, several)
	}
}
