package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/world"
)

// readable is what a tenant's owners may get, list and watch in their own namespace,
// written down by hand: what runs and what bounds it, and nothing that is secret.
const readable = `configmaps events limitranges persistentvolumeclaims pods resourcequotas serviceaccounts services
deployments.apps replicasets.apps horizontalpodautoscalers.autoscaling verticalpodautoscalers.autoscaling.k8s.io
endpointslices.discovery.k8s.io events.events.k8s.io externalsecrets.external-secrets.io dnsendpoints.externaldns.k8s.io
httproutes.gateway.networking.k8s.io scaledobjects.keda.sh pods.metrics.k8s.io
alertmanagerconfigs.monitoring.coreos.com prometheusrules.monitoring.coreos.com servicemonitors.monitoring.coreos.com
destinationrules.networking.istio.io virtualservices.networking.istio.io
ingresses.networking.k8s.io networkpolicies.networking.k8s.io poddisruptionbudgets.policy`

// inside is what reaches into a running model or around its guard, which nobody of a
// tenant may do, not even at home. So are all other kinds that live in a namespace.
const inside = `pods/exec pods/attach pods/portforward pods/eviction pods/ephemeralcontainers pods/proxy services/proxy
serviceaccounts/token deployments.apps/scale`

// everybodys is what anybody may create: questions about themselves.
const everybodys = `selfsubjectaccessreviews.authorization.k8s.io selfsubjectrulesreviews.authorization.k8s.io
selfsubjectreviews.authentication.k8s.io`

// kinds are the resources that an API server serves, written as name.group.
type kinds struct {
	unreadable  []string // that live in a namespace, less those that owners may read
	clusterwide []string // that live in none
}

// served asks an API server which kinds it has: Kubernetes' own, and those of all
// CustomResourceDefinitions.
func served(c *world.Cluster) (kinds, error) {
	_, lists, err := c.Client.Discovery().ServerGroupsAndResources()
	if err != nil {
		return kinds{}, fmt.Errorf("asking %s for its kinds: %w", c.Name, err)
	}
	var k kinds
	for _, list := range lists {
		group, _, grouped := strings.Cut(list.GroupVersion, "/")
		for _, r := range list.APIResources {
			name := r.Name
			if grouped {
				name += "." + group
			}
			switch {
			case strings.Contains(r.Name, "/"): // asked about by name
			case !r.Namespaced && !slices.Contains(strings.Fields(everybodys), name):
				k.clusterwide = append(k.clusterwide, name)
			case r.Namespaced && !slices.Contains(strings.Fields(readable), name):
				k.unreadable = append(k.unreadable, name)
			}
		}
	}
	if !slices.Contains(k.unreadable, "secrets") || !slices.Contains(k.clusterwide, "nodes") {
		return kinds{}, fmt.Errorf("the kinds of %s have neither secrets nor nodes among them: %v", c.Name, k)
	}
	k.unreadable, k.clusterwide = distinct(k.unreadable), distinct(k.clusterwide) // some have several versions
	return k, nil
}

func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

// subject is somebody who asks an API server for something.
type subject struct {
	tenant string
	user   string
	groups []string
	owner  bool
}

// subjects are all who belong to a tenant: the ServiceAccounts that it has in the cluster,
// and its owners' groups.
func subjects(ctx context.Context, c *world.Cluster, t world.Tenant) ([]subject, error) {
	accounts, err := c.Client.CoreV1().ServiceAccounts(t.Namespace()).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing who acts for tenant %s in %s: %w", t.Name, c.Name, err)
	}
	if len(accounts.Items) < 2 {
		return nil, fmt.Errorf("tenant %s in %s has not both the ServiceAccounts models and default", t.Name, c.Name)
	}
	var all []subject
	for _, account := range accounts.Items {
		all = append(all, subject{
			tenant: t.Name,
			user:   "system:serviceaccount:" + t.Namespace() + ":" + account.Name,
			groups: []string{"system:serviceaccounts", "system:serviceaccounts:" + t.Namespace(), "system:authenticated"},
		})
	}
	for _, group := range t.Groups {
		all = append(all, subject{tenant: t.Name, user: "somebody of " + group, groups: []string{group, "system:authenticated"}, owner: true})
	}
	return all, nil
}

// accessReviews asks every API server, for everybody who belongs to a tenant, about every
// kind in every tenant's namespace.
func accessReviews(t *testing.T) int {
	return eachCluster(t, func(t *testing.T, c *world.Cluster, tenants []world.Tenant) int {
		kinds, err := served(c)
		if err != nil {
			t.Error(err)
			return 0
		}
		var questions []question
		for _, home := range tenants {
			subjects, err := subjects(testContext(t), c, home)
			if err != nil {
				t.Error(err)
				return 0
			}
			for _, s := range subjects {
				for _, there := range tenants {
					questions = append(questions, kinds.ask(s, there.Namespace(), there.Name == home.Name)...)
				}
				questions = append(questions, kinds.ask(s, "", false)...)
			}
		}
		review(t, c, questions)
		return len(questions)
	})
}

// question is whether a subject may do something, and what the answer should be.
type question struct {
	who     subject
	what    authorizationv1.ResourceAttributes
	allowed bool
}

// ask makes the questions about one namespace: at home about all verbs, elsewhere about
// some of them, in no namespace about what belongs to none.
func (k kinds) ask(s subject, namespace string, home bool) []question {
	verbs := []string{"get", "create", "delete"}
	if home {
		verbs = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
	}
	var all []question
	add := func(names, verbs []string, allowed func(verb string) bool) {
		for _, name := range names {
			for _, verb := range verbs {
				all = append(all, question{s, attributes(namespace, name, verb), allowed(verb)})
			}
		}
	}
	never := func(string) bool { return false }
	if namespace == "" {
		add(k.clusterwide, verbs, never)
		add([]string{"pods", "secrets"}, []string{"list"}, never) // in all namespaces at once
		return all
	}
	reads := func(verb string) bool { return home && s.owner && (verb == "get" || verb == "list" || verb == "watch") }
	add(strings.Fields(readable), verbs, reads)
	add([]string{"pods/log"}, verbs, func(verb string) bool { return home && s.owner && verb == "get" })
	add(k.unreadable, verbs, never)
	add(strings.Fields(inside), verbs, never)
	add([]string{"serviceaccounts"}, []string{"impersonate"}, never)
	return all
}

// attributes reads a resource as kubectl writes it: name, name/subresource, name.group.
func attributes(namespace, name, verb string) authorizationv1.ResourceAttributes {
	name, group, _ := strings.Cut(name, ".")
	resource, subresource, _ := strings.Cut(name, "/")
	return authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource}
}

// review puts the questions to the API server, some at once, and reports wrong answers.
func review(t *testing.T, c *world.Cluster, questions []question) {
	ctx := testContext(t)
	queue := make(chan question)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for q := range queue {
				if err := answer(ctx, c, q); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, q := range questions {
		queue <- q
	}
	close(queue)
	workers.Wait()
}

func answer(ctx context.Context, c *world.Cluster, q question) error {
	r := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: q.who.user, Groups: q.who.groups, ResourceAttributes: &q.what,
	}}
	r, err := c.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, r, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("asking %s: %w", c.Name, err)
	}
	if r.Status.Allowed != q.allowed {
		return fmt.Errorf("%s: may %s %s %s/%s.%s in namespace %q? %v (%s)", c.Name, q.who.user, q.what.Verb,
			q.what.Resource, q.what.Subresource, q.what.Group, q.what.Namespace, r.Status.Allowed, r.Status.Reason)
	}
	return nil
}
