package traffic

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// annotationDNSController takes an object from external-dns, where its value is
// another than "dns-controller" (external-dns, "Annotations"): a route's names have
// their records in DNSRecords, which alone knows of other regions.
const annotationDNSController = "external-dns.alpha.kubernetes.io/controller"

// requestTimeout is how long a gateway waits for an answer: as long as a load balancer
// does (Elastic Load Balancing, "Application Load Balancers", idle timeout), so that a
// model keeps its time when it moves. It is longer than the server's own deadline, which
// is what should end a slow request; Envoy's default of 15 s (Envoy Gateway, "HTTP
// Timeouts") is not.
const requestTimeout = "60s"

// ModelRoute hangs an exposed model onto one of the cluster's gateways: the internal
// one, or the public one for a model that is public.
func ModelRoute(p *fleet.Placement, m *fleet.Model) *HTTPRoute {
	if !routed(p, m) || p.Cluster.Spec.Ingress.LoadBalanced() || p.Cluster.Environment.Spec.Traffic.ByIstio() {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Annotations = map[string]string{annotationDNSController: object.ManagedBy}
	route := &HTTPRoute{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayGroup + "/v1", Kind: "HTTPRoute"},
		ObjectMeta: meta,
		Spec: HTTPRouteSpec{
			ParentRefs: []ParentRef{{
				Group: gatewayGroup, Kind: "Gateway",
				Name: gatewayName(m.Spec.Expose.Entrance()), Namespace: p.Cluster.Spec.Ingress.Namespace,
			}},
			Hostnames: hostnames(p, m),
		},
	}
	for _, s := range splits(p, m) {
		route.Spec.Rules = append(route.Spec.Rules, routeRule(m, s))
	}
	return route
}

func routeRule(m *fleet.Model, s split) RouteRule {
	rule := RouteRule{Timeouts: RouteTimeouts{Request: requestTimeout}}
	for _, p := range paths(m) {
		match := RouteMatch{Path: PathMatch{Type: "Exact", Value: p.value}}
		if p.prefix {
			match.Path.Type = "PathPrefix"
		}
		for _, h := range s.headers {
			match.Headers = append(match.Headers, HeaderMatch{Type: "Exact", Name: h.name, Value: h.value})
		}
		rule.Matches = append(rule.Matches, match)
	}
	for _, b := range s.backends {
		rule.BackendRefs = append(rule.BackendRefs, BackendRef{
			Kind: "Service", Name: b.service, Port: contract.PortHTTP, Weight: b.weight,
		})
	}
	return rule
}
