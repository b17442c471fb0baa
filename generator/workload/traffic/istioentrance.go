package traffic

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// istioPods are the ingress pods of an installation of Istio (its gateway chart's
// label, for a release of the usual name).
func istioPods() map[string]string { return map[string]string{"istio": "ingressgateway"} }

// istioPort is where Istio's pods listen for an entrance. The entrances share the pods,
// so that only the port keeps a host name that is meant for the company from being
// asked for on the internet's load balancer.
func istioPort(e fleet.Entrance) int32 {
	if e == fleet.Public {
		return 8443
	}
	return 9443
}

// istioEntrances are a cluster's where Istio's own objects route.
func istioEntrances(c *fleet.Cluster) []fleet.Entrance {
	if c == nil || c.Spec.Ingress.LoadBalanced() || !c.Environment.Spec.Traffic.ByIstio() {
		return nil
	}
	return entrances(c)
}

func istioMeta(c *fleet.Cluster, e fleet.Entrance) metav1.ObjectMeta {
	meta := object.PlatformMeta(gatewayName(e))
	meta.Namespace = c.Spec.Ingress.Namespace
	return meta
}

// IstioGateways are what SharedGateways are, in Istio's own words. Istio cannot choose
// namespaces by their labels: that only a tenant with the grant is public, the
// generator alone sees to.
func IstioGateways(c *fleet.Cluster) []*IstioGateway {
	var gateways []*IstioGateway
	for _, e := range istioEntrances(c) {
		g := &IstioGateway{
			TypeMeta:   metav1.TypeMeta{APIVersion: istioVersion, Kind: "Gateway"},
			ObjectMeta: istioMeta(c, e),
			Spec:       IstioGatewaySpec{Selector: istioPods()},
		}
		server := IstioServer{Port: IstioServerPort{Name: string(e), Number: istioPort(e), Protocol: "HTTP"}}
		for _, d := range domains(c, e) {
			server.Hosts = append(server.Hosts, "*."+d.name)
		}
		if tls := c.Spec.Ingress.TLS; tls != nil && tls.Issuer != "" {
			server.Port.Protocol = "HTTPS"
			server.TLS = &IstioServerTLS{Mode: "SIMPLE", CredentialName: tlsSecret(e)}
		}
		g.Spec.Servers = []IstioServer{server}
		gateways = append(gateways, g)
	}
	return gateways
}

// IstioLoadBalancers bring requests to the pods' ports of each entrance. Under the
// Gateway API the gateway's controller makes them.
func IstioLoadBalancers(c *fleet.Cluster) []*corev1.Service {
	var services []*corev1.Service
	for _, e := range istioEntrances(c) {
		meta := istioMeta(c, e)
		meta.Annotations = networkLoadBalancer(c, e)
		services = append(services, &corev1.Service{
			TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: meta,
			Spec: corev1.ServiceSpec{
				Type:     corev1.ServiceTypeLoadBalancer,
				Selector: istioPods(),
				Ports: []corev1.ServicePort{{
					Name: string(e), Protocol: corev1.ProtocolTCP,
					Port: loadBalancerPort(c), TargetPort: intstr.FromInt32(istioPort(e)),
				}},
			},
		})
	}
	return services
}
