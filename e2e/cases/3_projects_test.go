package cases

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mlfleet/mlfleet/e2e/argocd"
	"github.com/mlfleet/mlfleet/e2e/waiting"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// intrusion is an Application that somebody writes into a tenant's project to get
// at what is not the tenant's.
type intrusion struct {
	name      string
	namespace string // where it wants to go
	cluster   string
	path      string // what it wants to put there, on the branch "hostile"
	repoURL   string
	refusal   string // what Argo CD must say
}

// hostile are the manifests on that branch. Beside them there is one for every
// tenant's namespace, that aims at it.
var hostile = map[string]string{
	"plain": `{apiVersion: v1, kind: ConfigMap, metadata: {name: e2e-hostile}}`,
	"clusterwide": `{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: e2e-hostile},
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]}`,
	"fence":  `{apiVersion: v1, kind: ResourceQuota, metadata: {name: grant}, spec: {hard: {pods: 1M}}}`,
	"secret": `{apiVersion: v1, kind: Secret, metadata: {name: e2e-hostile}}`,
	"access": `{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: e2e-hostile},
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin},
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: Group, name: "system:authenticated"}]}`,
	"argocd": `{apiVersion: argoproj.io/v1alpha1, kind: AppProject, metadata: {name: e2e-hostile}, spec: {}}`,
}

// intrusions are what a tenant's project must not let through, in one cluster.
func intrusions(c *world.Cluster, tenant, neighbour world.Tenant) []intrusion {
	home, url := tenant.Namespace(), the.Fleet.URL()
	all := []intrusion{
		{"neighbour-namespace", neighbour.Namespace(), c.Name, "plain", url, "do not match any of the allowed destinations"},
		{"system-namespace", "kube-system", c.Name, "plain", url, "do not match any of the allowed destinations"},
		{"hub", argocd.Namespace, hub, "argocd", url, "do not match any of the allowed destinations"},
		{"other-repository", home, c.Name, "plain", url + "-elsewhere", "is not permitted in project"},
		{"neighbour-object", home, c.Name, neighbour.Namespace(), url, "is not permitted in project"},
	}
	for _, path := range []string{"clusterwide", "fence", "secret", "access"} {
		all = append(all, intrusion{path, home, c.Name, path, url, "is not permitted in project"})
	}
	return all
}

// projects lets every tenant try every intrusion, in the first of its clusters, all at
// once, and gives the number of Applications that were refused.
func projects(t *testing.T) int {
	ctx := testContext(t)
	if err := plant(ctx); err != nil {
		t.Fatal(err)
	}
	refusals := map[string]string{} // by the Application's name
	tried := map[string]bool{}
	for _, c := range the.Clusters {
		tenants, err := the.Tenants(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		for i, tenant := range tenants {
			if tried[tenant.Name] {
				continue
			}
			tried[tenant.Name] = true
			for _, in := range intrusions(c, tenant, tenants[(i+1)%len(tenants)]) {
				name := strings.Join([]string{"e2e", tenant.Name, c.Name, in.name}, ".")
				if err := intrude(ctx, name, tenant, in); err != nil {
					t.Fatal(err)
				}
				refusals[name] = in.refusal
			}
		}
	}
	for name, text := range refusals {
		if err := turnedAway(ctx, name, text); err != nil {
			t.Error(err)
		}
	}
	return len(refusals)
}

// plant commits the hostile manifests.
func plant(ctx context.Context) error {
	files := map[string]string{}
	for path, manifest := range hostile {
		files["hostile/"+path+"/manifest.yaml"] = manifest
	}
	for _, c := range the.Clusters {
		tenants, err := the.Tenants(c.Name)
		if err != nil {
			return err
		}
		for _, t := range tenants {
			files["hostile/"+t.Namespace()+"/manifest.yaml"] = fmt.Sprintf(
				"{apiVersion: v1, kind: ConfigMap, metadata: {name: e2e-hostile, namespace: %s}}", t.Namespace())
		}
	}
	return the.Fleet.Branch(ctx, "hostile", files)
}

// intrude creates the Application, and asks Argo CD to sync it.
func intrude(ctx context.Context, name string, tenant world.Tenant, in intrusion) error {
	_, err := the.Argo.Resource(argocd.Applications).Create(ctx, &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
		"metadata": map[string]any{"name": name},
		"spec": map[string]any{
			"project":     "tenant-" + tenant.Name,
			"destination": map[string]any{"name": in.cluster, "namespace": in.namespace},
			"source":      map[string]any{"repoURL": in.repoURL, "path": "hostile/" + in.path, "targetRevision": "hostile"},
		},
		"operation": map[string]any{
			"initiatedBy": map[string]any{"username": tenant.Name},
			"sync":        map[string]any{"prune": true},
		},
	}}, metav1.CreateOptions{})
	return err
}

// turnedAway waits until Argo CD has refused an Application, and removes it.
func turnedAway(ctx context.Context, name, refusal string) error {
	err := waiting.Until(ctx, "Argo CD to refuse "+name, func(ctx context.Context) (string, error) {
		a, err := the.Argo.Get(ctx, name)
		if err != nil {
			return "", err
		}
		return pending(a, refusal)
	})
	return errors.Join(err, the.Argo.Resource(argocd.Applications).Delete(ctx, name, metav1.DeleteOptions{}))
}

// pending is what an Application's state lacks of a refusal. Once the sync has ended,
// however it ended, there is nothing more to wait for.
func pending(a *argocd.Application, refusal string) (string, error) {
	o := a.Status.Operation
	switch {
	case o == nil || o.Phase == "Running" || o.Phase == "Terminating":
		return a.String(), nil
	case o.Phase == "Succeeded":
		return "", waiting.Hopeless(fmt.Errorf("Argo CD synced it: %s", a))
	case !strings.Contains(a.String(), refusal):
		return "", waiting.Hopeless(fmt.Errorf("it failed, but not by %q: %s", refusal, a))
	}
	return "", nil
}
