package traffic

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// IstioModelRoute is ModelRoute in Istio's own words, for environments that chose
// them.
func IstioModelRoute(p *fleet.Placement, m *fleet.Model) *VirtualService {
	if !routed(p, m) || p.Cluster.Spec.Ingress.LoadBalanced() || !p.Cluster.Environment.Spec.Traffic.ByIstio() {
		return nil
	}
	meta := object.ModelMeta(p, m)
	meta.Annotations = map[string]string{annotationDNSController: object.ManagedBy}
	service := &VirtualService{
		TypeMeta:   metav1.TypeMeta{APIVersion: istioVersion, Kind: "VirtualService"},
		ObjectMeta: meta,
		Spec: VirtualServiceSpec{
			Hosts:    hostnames(p, m),
			Gateways: []string{p.Cluster.Spec.Ingress.Namespace + "/" + gatewayName(m.Spec.Expose.Entrance())},
		},
	}
	for _, s := range splits(p, m) {
		service.Spec.HTTP = append(service.Spec.HTTP, istioRoute(p, m, s))
	}
	return service
}

func istioRoute(p *fleet.Placement, m *fleet.Model, s split) IstioRoute {
	route := IstioRoute{Timeout: requestTimeout}
	for _, allowed := range paths(m) {
		match := IstioMatch{URI: StringMatch{Exact: allowed.value}}
		if allowed.prefix {
			match.URI = StringMatch{Prefix: allowed.value}
		}
		for _, h := range s.headers {
			if match.Headers == nil {
				match.Headers = map[string]StringMatch{}
			}
			match.Headers[h.name] = StringMatch{Exact: h.value}
		}
		route.Match = append(route.Match, match)
	}
	for _, b := range s.backends {
		route.Route = append(route.Route, IstioDestination{
			Destination: IstioService{Host: serviceHost(p, b.service), Port: IstioPort{contract.PortHTTP}},
			Weight:      b.weight,
		})
	}
	return route
}

// serviceHost is a Service's name in the cluster. Istio would complete a short one
// with the namespace of the object that names it, which is right until it moves.
func serviceHost(p *fleet.Placement, service string) string {
	return service + "." + p.Tenant.Namespace() + ".svc.cluster.local"
}
