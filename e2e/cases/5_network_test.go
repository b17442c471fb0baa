package cases

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os/exec"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/e2e/world"
)

// TestNetwork is case 5: who reaches whom, by the NetworkPolicies that are live in each
// cluster. There are no packets here; cyclonus, which others wrote to test network
// plugins, judges what a plugin must do with these policies (see the module network).
func TestNetwork(t *testing.T) {
	row := the.table.begin(t, "5 network")
	synced(t)
	pairs, others := judgeNetworks(t)
	row.figure("%d connections between models and %d with the rest of the world judged", pairs, others)
}

// connections is all that TestNetwork judges.
func connections(t *testing.T) int {
	pairs, others := judgeNetworks(t)
	return pairs + others
}

// judgeNetworks asks about every cluster, and counts connections between models and all
// others.
func judgeNetworks(t *testing.T) (pairs, others int) {
	t.Helper()
	for _, c := range the.Clusters {
		p, o, err := judgeNetwork(testContext(t), t, c)
		if err != nil {
			t.Fatalf("%s: %v", c.Name, err)
		}
		pairs += p
		others += o
	}
	return pairs, others
}

// connection is something that may be tried, and whether it should be possible.
type connection struct {
	From     peer            `json:"from"`
	To       peer            `json:"to"`
	Port     int             `json:"port"`
	PortName string          `json:"portName"`
	Protocol corev1.Protocol `json:"protocol"`

	allowed bool
	why     string // who tries what
}

// peer is a pod, or an address outside the cluster.
type peer struct {
	Namespace       string            `json:"namespace,omitempty"`
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`
	PodLabels       map[string]string `json:"podLabels,omitempty"`
	IP              string            `json:"ip"`

	name    string
	tenant  string
	exposed bool // a model that the gateway may reach, by the inputs
}

// judgeNetwork makes up connections, asks about them, and counts those between models and
// all others.
func judgeNetwork(ctx context.Context, t *testing.T, c *world.Cluster) (pairs, others int, err error) {
	models, err := modelPeers(ctx, c)
	if err != nil {
		return 0, 0, err
	}
	surroundings, err := surroundingsOf(c)
	if err != nil {
		return 0, 0, err
	}
	var all []connection
	for _, from := range models {
		for _, to := range models {
			all = append(all, between(from, to)...)
		}
	}
	pairs = len(all)
	for _, m := range models {
		all = append(all, surroundings.into(m)...)
		all = append(all, surroundings.outOf(m)...)
	}
	policies, err := c.Client.NetworkingV1().NetworkPolicies("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return 0, 0, err
	}
	answers, err := askReach(ctx, policies.Items, all)
	if err != nil {
		return 0, 0, err
	}
	for i, a := range answers {
		if q := all[i]; a != q.allowed {
			t.Errorf("%s: %s: port %d/%s allowed: %v, want %v", c.Name, q.why, q.Port, q.Protocol, a, q.allowed)
		}
	}
	return pairs, len(all) - pairs, nil
}

// awake gives a model's pods; one that sleeps is woken first, as KEDA would by a request.
func awake(ctx context.Context, c *world.Cluster, p placement) ([]corev1.Pod, error) {
	pods, err := p.pods(ctx, c)
	if err != nil || len(pods) > 0 {
		return pods, err
	}
	if err := setReplicas(ctx, c, outcome{tenant: p.tenant, model: p.model}, 1); err != nil {
		return nil, err
	}
	return p.wait(ctx, 1)
}

// modelPeers gives one live pod of every model.
func modelPeers(ctx context.Context, c *world.Cluster) ([]peer, error) {
	tenants, err := the.Tenants(c.Name)
	if err != nil {
		return nil, err
	}
	var all []peer
	for _, tenant := range tenants {
		namespace, err := c.Client.CoreV1().Namespaces().Get(ctx, tenant.Namespace(), metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		models, err := the.Models(c.Name, tenant.Name)
		if err != nil {
			return nil, err
		}
		for _, model := range models {
			pods, err := awake(ctx, c, placement{cluster: c.Name, tenant: tenant.Name, model: model})
			if err != nil {
				return nil, err
			}
			exposed, err := exposed(tenant.Name, model)
			if err != nil {
				return nil, err
			}
			all = append(all, peer{
				Namespace: namespace.Name, NamespaceLabels: namespace.Labels,
				PodLabels: pods[0].Labels, IP: pods[0].Status.PodIP,
				name: tenant.Name + "/" + model, tenant: tenant.Name, exposed: exposed,
			})
		}
	}
	return all, nil
}

// ports are those of a model server (docs/contract.md).
var ports = []struct {
	number int
	name   string
}{{8000, "http"}, {8001, "grpc"}, {8002, "metrics"}}

// between are the connections from one model to another, or to itself: none is possible,
// not even within a tenant.
func between(from, to peer) []connection {
	var all []connection
	for _, p := range ports {
		all = append(all, connection{
			From: from, To: to, Port: p.number, PortName: p.name, Protocol: corev1.ProtocolTCP,
			why: "from " + from.name + " to " + to.name,
		})
	}
	return all
}

// askReach puts connections to the program reach, and gives whether each is allowed.
func askReach(ctx context.Context, policies []networkingv1.NetworkPolicy, connections []connection) ([]bool, error) {
	question, err := json.Marshal(map[string]any{"policies": policies, "connections": connections})
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, *reach)
	cmd.Stdin = bytes.NewReader(question)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("reach: %w: %s", err, exit.Stderr)
	} else if err != nil {
		return nil, fmt.Errorf("running reach: %w", err)
	}
	var answers []struct{ Allowed bool }
	if err := json.Unmarshal(out, &answers); err != nil {
		return nil, fmt.Errorf("reading reach's answers: %w", err)
	}
	if len(answers) != len(connections) {
		return nil, fmt.Errorf("reach gave %d answers to %d questions", len(answers), len(connections))
	}
	allowed := make([]bool, len(answers))
	for i, a := range answers {
		allowed[i] = a.Allowed
	}
	return allowed, nil
}

// firstOf is an address of a range: the first after the range's own.
func firstOf(cidr string) string {
	return netip.MustParsePrefix(cidr).Masked().Addr().Next().String()
}
