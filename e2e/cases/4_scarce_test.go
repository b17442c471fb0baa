package cases

import (
	"context"
	"fmt"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/mlfleet/mlfleet/e2e/nodes"
	"github.com/mlfleet/mlfleet/e2e/waiting"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// shortage is a pool of which only the first nodes are left, and what becomes of the
// models on it at max replicas. They are scaled up in the order of the list.
type shortage struct {
	cluster, pool string
	left          int
	models        []outcome
}

type outcome struct {
	tenant, model    string
	running, pending int
}

// shortages are worked out by hand. Each lists the lowest tier first, so that the higher
// ones find the nodes taken and have to push them aside.
//
//   - a10g in eu-west-production: 24 nodes of one GPU. Gold wants 10 + 1 + 10, so silver's
//     transcribe keeps 3 of its 20.
//   - l4 in us-west-production: 6 nodes of one GPU, every other one spot. Silver's lanes
//     want 6 of any kind; bronze's plant-id, which may use the three spot nodes, keeps
//     none of its 4.
//   - cumulus-l4 in us-west-production: 2 nodes whose GPU four pods share, so 8 of 16.
func shortages() []shortage {
	return []shortage{
		{"eu-west-production", "a10g", 24, []outcome{
			{"echo", "transcribe", 3, 17}, {"acme", "sentiment", 10, 0}, {"acme", "sentiment-canary", 1, 0}, {"borealis", "kyc-faces", 10, 0},
		}},
		{"us-west-production", "l4", 6, []outcome{{"fern", "plant-id", 0, 4}, {"cumulus", "lanes", 6, 0}}},
		{"us-west-production", "cumulus-l4", 2, []outcome{{"cumulus", "tiles", 8, 8}}},
	}
}

// scarce takes nodes away, one pool after the other, and checks who is left without.
func scarce(t *testing.T) string {
	running, pending, pools := 0, 0, 0
	for _, s := range shortages() {
		c, ok := the.Cluster(s.cluster)
		if !ok {
			continue
		}
		pools++
		ctx := testContext(t)
		if err := s.settle(ctx, c, func(outcome) (int, int, int) { return 0, 0, 0 }); err != nil {
			t.Fatal(err)
		}
		if err := cordon(ctx, c, s.pool, s.left); err != nil {
			t.Fatal(err)
		}
		for _, o := range s.models {
			if err := s.scaleUp(ctx, c, o); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.settle(ctx, c, func(o outcome) (int, int, int) { return o.running + o.pending, o.running, o.pending }); err != nil {
			t.Error(err)
		}
		if err := cordon(ctx, c, s.pool, 1000); err != nil {
			t.Fatal(err)
		}
		for _, o := range s.models {
			running += o.running
			pending += o.pending
		}
	}
	return fmt.Sprintf("with %d pools cut short %d run and %d stay pending, as worked out by hand", pools, running, pending)
}

// scaleUp scales one model to its max, and waits until the scheduler has looked at all of
// its pods.
func (s shortage) scaleUp(ctx context.Context, c *world.Cluster, o outcome) error {
	if err := setReplicas(ctx, c, o, o.running+o.pending); err != nil {
		return err
	}
	p := placement{cluster: s.cluster, tenant: o.tenant, model: o.model}
	return waiting.Until(ctx, fmt.Sprintf("the pods of %s", p), func(ctx context.Context) (string, error) {
		pods, err := p.pods(ctx, c)
		if err != nil {
			return "", err
		}
		decided := 0
		for _, pod := range pods {
			if pod.Spec.NodeName != "" || unschedulable(pod) != "" {
				decided++
			}
		}
		if decided < o.running+o.pending {
			return fmt.Sprintf("the scheduler has looked at %d", decided), nil
		}
		return "", nil
	})
}

// settle scales all models of the pool, and waits until as many run and are pending as
// should.
func (s shortage) settle(ctx context.Context, c *world.Cluster, want func(outcome) (replicas, running, pending int)) error {
	for _, o := range s.models {
		replicas, _, _ := want(o)
		if err := setReplicas(ctx, c, o, replicas); err != nil {
			return err
		}
	}
	for _, o := range s.models {
		_, running, pending := want(o)
		p := placement{cluster: s.cluster, tenant: o.tenant, model: o.model, pool: s.pool}
		err := waiting.Until(ctx, fmt.Sprintf("%s to run %d and leave %d pending", p, running, pending), func(ctx context.Context) (string, error) {
			pods, err := p.pods(ctx, c)
			if err != nil {
				return "", err
			}
			return p.differ(pods, running, pending), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func setReplicas(ctx context.Context, c *world.Cluster, o outcome, replicas int) error {
	patch := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas)
	_, err := c.Client.AppsV1().Deployments("tenant-"+o.tenant).Patch(ctx, o.model, types.MergePatchType, patch, metav1.PatchOptions{}, "scale")
	if err != nil {
		return fmt.Errorf("scaling %s/%s in %s: %w", o.tenant, o.model, c.Name, err)
	}
	return nil
}

// cordon leaves the first nodes of a pool open and closes the others, as if the cloud had
// no more.
func cordon(ctx context.Context, c *world.Cluster, pool string, open int) error {
	list, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: nodes.PoolLabel + "=" + pool})
	if err != nil {
		return err
	}
	for i, n := range list.Items { // in the order of their names
		patch := fmt.Appendf(nil, `{"spec":{"unschedulable":%t}}`, i >= open)
		if _, err := c.Client.CoreV1().Nodes().Patch(ctx, n.Name, types.MergePatchType, patch, metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("closing node %s of %s: %w", n.Name, c.Name, err)
		}
	}
	return nil
}
