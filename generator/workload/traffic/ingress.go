package traffic

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// useAnnotation is the port of a backend that is not a Service but an action: an
// annotation of the Ingress says what it does (AWS load balancer controller,
// "Ingress annotations", actions).
const useAnnotation = "use-annotation"

// ModelIngress hangs an exposed model onto an application load balancer, where a
// cluster has no gateway: the AWS load balancer controller makes one of all Ingresses
// of a group, whatever their namespace, and sends requests straight to the pods.
func ModelIngress(p *fleet.Placement, m *fleet.Model) *networkingv1.Ingress {
	if !routed(p, m) || !p.Cluster.Spec.Ingress.LoadBalanced() {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Annotations = applicationLoadBalancer(p, m)
	in := &networkingv1.Ingress{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: meta,
		Spec:       networkingv1.IngressSpec{IngressClassName: new("alb")},
	}
	var entries []networkingv1.HTTPIngressPath
	for _, s := range splits(p, m) {
		entries = append(entries, ingressPaths(m, s)...)
	}
	for _, host := range hostnames(p, m) {
		in.Spec.Rules = append(in.Spec.Rules, networkingv1.IngressRule{
			Host:             host,
			IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: entries}},
		})
	}
	return in
}

// ingressPaths are of type ImplementationSpecific: those the controller keeps in
// their order, so that who asks for the canary is looked at first.
func ingressPaths(m *fleet.Model, s split) []networkingv1.HTTPIngressPath {
	var entries []networkingv1.HTTPIngressPath
	for _, p := range paths(m) {
		value := p.value
		if p.prefix {
			value += "*" // as a load balancer's rule spells it
		}
		entries = append(entries, networkingv1.HTTPIngressPath{
			Path:     value,
			PathType: new(networkingv1.PathTypeImplementationSpecific),
			Backend:  networkingv1.IngressBackend{Service: ingressBackend(s)},
		})
	}
	return entries
}

// ingressBackend is a Service, or an action where that says too little.
func ingressBackend(s split) *networkingv1.IngressServiceBackend {
	if s.plain() {
		return &networkingv1.IngressServiceBackend{
			Name: s.backends[0].service, Port: networkingv1.ServiceBackendPort{Name: contract.HTTPPortName},
		}
	}
	return &networkingv1.IngressServiceBackend{
		Name: s.action(), Port: networkingv1.ServiceBackendPort{Name: useAnnotation},
	}
}
