package cases

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/nodes"
	"github.com/mlfleet/mlfleet/e2e/waiting"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// TestScheduling is case 4: the scheduler places every model as a person would, who
// has only the inputs at hand.
func TestScheduling(t *testing.T) {
	row := the.table.begin(t, "4 scheduling")
	synced(t)
	t.Run("table", func(t *testing.T) { complete(t) })
	t.Run("min", func(t *testing.T) {
		scale(t, func(p placement) int { return p.min })
		row.figure("%d pods at min replicas, each in its pool and spread over zones", placed(t, func(p placement) int { return p.min }))
	})
	t.Run("max", func(t *testing.T) {
		scale(t, func(p placement) int { return p.max })
		row.figure("%d at max", placed(t, func(p placement) int { return p.max }))
	})
	t.Run("scarce", func(t *testing.T) { row.figure("%s", scarce(t)) })
	t.Run("back", func(t *testing.T) {
		scale(t, func(p placement) int { return p.min })
		for _, p := range placements() { // where those that are left run is chance
			if _, err := p.wait(testContext(t), p.min); err != nil {
				t.Error(err)
			}
		}
	})
}

// complete checks that the table has all models of the fleet, and no others.
func complete(t *testing.T) {
	rows := map[string]bool{}
	for _, p := range placements() {
		key := p.cluster + " " + p.tenant + "/" + p.model
		if rows[key] {
			t.Errorf("the table has %s twice", key)
		}
		rows[key] = true
	}
	for _, c := range the.Clusters {
		tenants, err := the.Tenants(c.Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, tenant := range tenants {
			models, err := the.Models(c.Name, tenant.Name)
			if err != nil {
				t.Fatal(err)
			}
			for _, model := range models {
				key := c.Name + " " + tenant.Name + "/" + model
				if !rows[key] {
					t.Errorf("the table lacks %s", key)
				}
				delete(rows, key)
			}
		}
	}
	for key := range rows {
		t.Errorf("the table has %s, and the fleet has not", key)
	}
}

// placed waits until each model has as many running pods as expected and no others, checks
// where they run, and adds them up.
func placed(t *testing.T, expected func(placement) int) int {
	ctx, sum := testContext(t), 0
	for _, p := range placements() {
		c, _ := the.Cluster(p.cluster)
		pods, err := p.wait(ctx, expected(p))
		if err != nil {
			t.Error(err)
			continue
		}
		sum += len(pods)
		if err := p.wherePlaced(ctx, c, pods); err != nil {
			t.Error(err)
		}
	}
	return sum
}

// wait waits until a model has some running pods and no others.
func (p placement) wait(ctx context.Context, running int) ([]corev1.Pod, error) {
	c, _ := the.Cluster(p.cluster)
	var pods []corev1.Pod
	err := waiting.Until(ctx, fmt.Sprintf("%s to run %d", p, running), func(ctx context.Context) (string, error) {
		var err error
		if pods, err = p.pods(ctx, c); err != nil {
			return "", err
		}
		return p.differ(pods, running, 0), nil
	})
	return pods, err
}

// pods are a model's pods in a cluster.
func (p placement) pods(ctx context.Context, c *world.Cluster) ([]corev1.Pod, error) {
	list, err := c.Client.CoreV1().Pods("tenant-"+p.tenant).List(ctx, metav1.ListOptions{LabelSelector: "mlfleet.dev/model=" + p.model})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

// differ says how the pods are not as expected. A pod counts as pending only when the
// scheduler has said that no node fits.
func (p placement) differ(pods []corev1.Pod, running, pending int) string {
	run, unfit := 0, 0
	reasons := map[string]bool{}
	for _, pod := range pods {
		switch {
		case pod.DeletionTimestamp != nil:
			return "a pod is being deleted"
		case pod.Status.Phase == corev1.PodRunning:
			run++
		case unschedulable(pod) != "":
			unfit++
			reasons[unschedulable(pod)] = true
		default:
			return "a pod is neither running nor refused by the scheduler"
		}
	}
	if run == running && unfit == pending {
		return ""
	}
	return fmt.Sprintf("%d run, %d are pending: %s", run, unfit, strings.Join(slices.Collect(maps.Keys(reasons)), "; "))
}

func unschedulable(pod corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Reason == corev1.PodReasonUnschedulable {
			return c.Message
		}
	}
	return ""
}

// wherePlaced checks the nodes of a model's running pods: of the right pool, and in as
// many zones as there can be, evenly where the rule is strict (models without GPUs).
func (p placement) wherePlaced(ctx context.Context, c *world.Cluster, pods []corev1.Pod) error {
	zones := map[string]int{}
	running := 0
	for _, pod := range pods {
		if pod.Spec.NodeName == "" {
			continue
		}
		running++
		node, err := c.Client.CoreV1().Nodes().Get(ctx, pod.Spec.NodeName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		if pool := node.Labels[nodes.PoolLabel]; pool != p.pool {
			return fmt.Errorf("%s: pod %s is on a node of pool %s", p, pod.Name, pool)
		}
		zones[node.Labels[corev1.LabelTopologyZone]]++
	}
	available, err := p.zones(ctx, c)
	if err != nil {
		return err
	}
	if most := min(running, available); len(zones) < most {
		return fmt.Errorf("%s: %d pods are in %d zones of %d: %v", p, running, len(zones), available, zones)
	}
	if counts := slices.Sorted(maps.Values(zones)); p.pool == "cpu" && len(counts) == available && counts[len(counts)-1]-counts[0] > 1 {
		return fmt.Errorf("%s: the pods are not spread evenly: %v", p, zones)
	}
	return nil
}

// zones counts the zones that have schedulable nodes of the model's pool, sold as it wants.
func (p placement) zones(ctx context.Context, c *world.Cluster) (int, error) {
	deployment, err := c.Client.AppsV1().Deployments("tenant-"+p.tenant).Get(ctx, p.model, metav1.GetOptions{})
	if err != nil {
		return 0, err
	}
	selector := metav1.FormatLabelSelector(&metav1.LabelSelector{MatchLabels: deployment.Spec.Template.Spec.NodeSelector})
	if len(deployment.Spec.Template.Spec.NodeSelector) == 0 {
		selector = ""
	}
	list, err := c.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return 0, err
	}
	zones := map[string]bool{}
	for _, n := range list.Items {
		if n.Labels[nodes.PoolLabel] == p.pool && !n.Spec.Unschedulable {
			zones[n.Labels[corev1.LabelTopologyZone]] = true
		}
	}
	return len(zones), nil
}

// scale sets every model's number of replicas, as KEDA would, which does not run here.
func scale(t *testing.T, replicas func(placement) int) {
	ctx := testContext(t)
	for _, p := range placements() {
		c, _ := the.Cluster(p.cluster)
		if err := setReplicas(ctx, c, outcome{tenant: p.tenant, model: p.model}, replicas(p)); err != nil {
			t.Fatal(err)
		}
	}
}
