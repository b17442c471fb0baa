package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/mlfleet/mlfleet/e2e/watching"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// newTenant adds a tenant, and checks that nobody else is synced and that in every
// cluster its fence stands before its first pod is created.
func newTenant(t *testing.T) string {
	ctx := testContext(t)
	home := world.Tenant{Name: newcomer}.Namespace()
	watched := map[*world.Cluster]*births{}
	for _, c := range the.Clusters {
		b, err := watchBirths(ctx, c, home)
		if err != nil {
			t.Fatal(err)
		}
		watched[c] = b
	}
	syncs, err := change(ctx, "Add tenant "+newcomer, addNewcomer)
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	var strangers []string
	for _, s := range syncs {
		switch {
		case strings.HasPrefix(s.Application, newcomer+"."):
			own++
		case !strings.HasPrefix(s.Application, "mlfleet.root.tenants-"):
			strangers = append(strangers, s.Application)
		}
	}
	if strangers != nil {
		t.Errorf("a new tenant made Argo CD sync %v", strangers)
	}
	clusters, pods := 0, 0
	for _, c := range the.Clusters {
		if tenants, err := the.Tenants(c.Name); err != nil {
			t.Fatal(err)
		} else if !slices.ContainsFunc(tenants, func(t world.Tenant) bool { return t.Name == newcomer }) {
			continue
		}
		clusters++
		n, err := watched[c].fenceFirst(c.Name)
		if err != nil {
			t.Error(err)
		}
		pods += n
	}
	if clusters == 0 {
		t.Error("the new tenant is in no cluster")
	}
	return fmt.Sprintf("%d syncs on its own Applications, fence before the first of %d pods in %d clusters", own, pods, clusters)
}

// births are the revisions at which objects of a namespace, and the namespace itself,
// appeared in a cluster's store. All clusters share one store, so revisions
// can be compared whatever the kind.
type births struct {
	mu      sync.Mutex
	at      map[string]uint64 // by "Kind/name"
	watches []*watching.Watch
}

// fenceKinds are the kinds of guardrails, and pods.
var fenceKinds = []schema.GroupVersionResource{
	{Version: "v1", Resource: "namespaces"},
	{Version: "v1", Resource: "serviceaccounts"},
	{Version: "v1", Resource: "resourcequotas"},
	{Version: "v1", Resource: "limitranges"},
	{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
	{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
	{Version: "v1", Resource: "pods"},
}

func watchBirths(ctx context.Context, c *world.Cluster, namespace string) (*births, error) {
	b := &births{at: map[string]uint64{}}
	for _, kind := range fenceKinds {
		options := metav1.ListOptions{FieldSelector: "metadata.namespace=" + namespace}
		if kind.Resource == "namespaces" {
			options.FieldSelector = "metadata.name=" + namespace
		}
		// Without a revision a watch first tells what is there, as if it were new.
		w, err := watching.Start(ctx, c.Dynamic.Resource(kind), options, b.note)
		if err != nil {
			return nil, fmt.Errorf("watching %s in %s: %w", kind.Resource, c.Name, err)
		}
		b.watches = append(b.watches, w)
	}
	return b, nil
}

func (b *births) note(what watch.EventType, object *unstructured.Unstructured) error {
	if what != watch.Added {
		return nil
	}
	revision, err := strconv.ParseUint(object.GetResourceVersion(), 10, 64)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.at[object.GetKind()+"/"+object.GetName()] = revision
	return err
}

// fence is what every tenant's fence has at least, written down by hand.
const fence = `LimitRange/containers LimitRange/pods
NetworkPolicy/default-deny NetworkPolicy/allow-dns NetworkPolicy/allow-gateway NetworkPolicy/allow-prometheus
NetworkPolicy/allow-object-store NetworkPolicy/allow-aws-credentials
ResourceQuota/grant ResourceQuota/no-cross-namespace-affinity ResourceQuota/no-other-priority
Role/models Role/owners-read RoleBinding/models RoleBinding/owners-read ServiceAccount/models`

// lastOfFence is the object without which no pod is admitted, so that it must come last.
const lastOfFence = "ServiceAccount/models"

// fenceFirst checks that all the tenant's guardrails in the cluster were seen, and before
// the first pod; and that this was no luck, because the object that pods need came last.
// It gives the number of pods.
func (b *births) fenceFirst(cluster string) (int, error) {
	for _, w := range b.watches {
		if err := w.Stop(); err != nil {
			return 0, fmt.Errorf("watching what appears in %s: %w", cluster, err)
		}
	}
	generated, err := the.Manifests(cluster, newcomer, "guardrails")
	if err != nil {
		return 0, err
	}
	expected := strings.Fields(fence)
	for _, o := range generated {
		if o.GetKind() != "SecretStore" { // confines nobody, and comes along with what pods need
			expected = append(expected, o.GetKind()+"/"+o.GetName())
		}
	}
	var last uint64
	for _, name := range expected {
		at, seen := b.at[name]
		if !seen {
			return 0, fmt.Errorf("%s: %s was never seen; seen were %v", cluster, name, slices.Sorted(maps.Keys(b.at)))
		}
		last = max(last, at)
	}
	if at := b.at[lastOfFence]; at != last {
		return 0, fmt.Errorf("%s: %s was created at revision %d, and the fence was complete at %d only", cluster, lastOfFence, at, last)
	}
	pods := 0
	for name, at := range b.at {
		if !strings.HasPrefix(name, "Pod/") {
			continue
		}
		pods++
		if at < last {
			return 0, fmt.Errorf("%s: %s was created at revision %d, and the fence was complete at %d", cluster, name, at, last)
		}
	}
	if pods == 0 {
		return 0, fmt.Errorf("%s: no pod of %s was seen", cluster, newcomer)
	}
	return pods, nil
}
