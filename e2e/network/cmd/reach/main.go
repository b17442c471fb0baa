// Command reach answers which connections NetworkPolicies allow. The answers are those
// of cyclonus, the engine that the Kubernetes network community tests plugins with: it
// knows nothing of who wrote the policies, or why.
//
// It reads a JSON document from standard input, with the policies of a cluster and
// connections to judge, and writes a list of answers in the same order:
//
//	{"policies": [NetworkPolicy…],
//	 "connections": [{"from": PEER, "to": PEER, "port": 8000, "portName": "http", "protocol": "TCP"}…]}
//
//	[{"allowed": false, "egress": true, "ingress": false}…]
//
// A peer is a pod ({"namespace", "namespaceLabels", "podLabels", "ip"}) or, with "ip"
// alone, an address outside the cluster.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type question struct {
	Policies    []*networkingv1.NetworkPolicy `json:"policies"`
	Connections []connection                  `json:"connections"`
}

type connection struct {
	From     peer            `json:"from"`
	To       peer            `json:"to"`
	Port     int             `json:"port"`
	PortName string          `json:"portName"`
	Protocol corev1.Protocol `json:"protocol"`
}

type peer struct {
	Namespace       string            `json:"namespace"`
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	PodLabels       map[string]string `json:"podLabels"`
	IP              string            `json:"ip"`
}

type answer struct {
	Allowed bool `json:"allowed"`
	Egress  bool `json:"egress"`  // whether the sender's policies let it out
	Ingress bool `json:"ingress"` // whether the receiver's let it in
}

func main() {
	if err := judge(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "reach:", err)
		os.Exit(1)
	}
}

func judge(in io.Reader, out io.Writer) error {
	var q question
	decoder := json.NewDecoder(in)
	if err := decoder.Decode(&q); err != nil {
		return fmt.Errorf("reading the question: %w", err)
	}
	policies := matcher.BuildNetworkPolicies(false, q.Policies)
	answers := make([]answer, len(q.Connections))
	for i, c := range q.Connections {
		result := policies.IsTrafficAllowed(&matcher.Traffic{
			Source: c.From.traffic(), Destination: c.To.traffic(),
			ResolvedPort: c.Port, ResolvedPortName: c.PortName, Protocol: c.Protocol,
		})
		answers[i] = answer{result.IsAllowed(), result.Egress.IsAllowed(), result.Ingress.IsAllowed()}
	}
	return json.NewEncoder(out).Encode(answers)
}

// traffic is the peer in cyclonus' words.
func (p peer) traffic() *matcher.TrafficPeer {
	if p.Namespace == "" {
		return &matcher.TrafficPeer{IP: p.IP}
	}
	return &matcher.TrafficPeer{IP: p.IP, Internal: &matcher.InternalPeer{
		Namespace: p.Namespace, NamespaceLabels: p.NamespaceLabels, PodLabels: p.PodLabels,
	}}
}
