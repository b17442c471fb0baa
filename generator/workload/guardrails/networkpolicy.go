package guardrails

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// The network policies of a tenant are one that denies everything, both ways, and
// one for each allowance, named after it: policies add up, so each can be read,
// explained and taken away by itself. There is none for traffic between a tenant's
// own models: no model calls another one, and the first that is broken into should
// not reach the rest. The kubelet's probes need none: a node always reaches its
// own pods.

// labelNamespaceName is on every namespace, put there by the API server.
const labelNamespaceName = "kubernetes.io/metadata.name"

// portHTTPS is where AWS' endpoints listen.
const portHTTPS int32 = 443

// ingressPolicy lets peers reach the selected pods on TCP ports.
func ingressPolicy(t *fleet.Tenant, name, purpose string, pods map[string]string, peers []networkingv1.NetworkPolicyPeer, ports ...int32) *networkingv1.NetworkPolicy {
	policy := networkPolicy(t, name, purpose, networkingv1.PolicyTypeIngress)
	policy.Spec.PodSelector.MatchLabels = pods
	if len(peers) > 0 { // a rule without peers would mean: from everywhere
		policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: peers, Ports: tcp(ports...)}}
	}
	return policy
}

// egressPolicy lets all pods of the tenant reach peers on TCP ports.
func egressPolicy(t *fleet.Tenant, name, purpose string, peers []networkingv1.NetworkPolicyPeer, ports ...int32) *networkingv1.NetworkPolicy {
	policy := networkPolicy(t, name, purpose, networkingv1.PolicyTypeEgress)
	if len(peers) > 0 { // a rule without peers would mean: to everywhere
		policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{To: peers, Ports: tcp(ports...)}}
	}
	return policy
}

// networkPolicy is about all pods of the tenant and has no rule: it allows nothing.
func networkPolicy(t *fleet.Tenant, name, purpose string, types ...networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	meta := object.GuardrailMeta(t, name, object.WaveFence)
	meta.Annotations[object.AnnotationPurpose] = purpose
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: "NetworkPolicy"},
		ObjectMeta: meta,
		Spec:       networkingv1.NetworkPolicySpec{PolicyTypes: types},
	}
}

// podsIn are the pods with labels in a namespace; no labels are all its pods.
func podsIn(namespace string, labels map[string]string) networkingv1.NetworkPolicyPeer {
	peer := networkingv1.NetworkPolicyPeer{
		NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{labelNamespaceName: namespace}},
	}
	if labels != nil {
		peer.PodSelector = &metav1.LabelSelector{MatchLabels: labels}
	}
	return peer
}

// addresses are the peers of literal address ranges.
func addresses(cidrs ...string) []networkingv1.NetworkPolicyPeer {
	var peers []networkingv1.NetworkPolicyPeer
	for _, cidr := range cidrs {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr}})
	}
	return peers
}

func tcp(ports ...int32) []networkingv1.NetworkPolicyPort {
	var out []networkingv1.NetworkPolicyPort
	for _, port := range ports {
		out = append(out, policyPort(corev1.ProtocolTCP, port))
	}
	return out
}

func policyPort(protocol corev1.Protocol, port int32) networkingv1.NetworkPolicyPort {
	return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(port))}
}
