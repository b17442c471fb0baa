package traffic

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// annotationIssuer makes cert-manager issue the certificates of a Gateway's
// listeners (cert-manager, "Annotated Gateway resource").
const annotationIssuer = "cert-manager.io/cluster-issuer"

// gatewayName is the name of a cluster's gateway.
func gatewayName(e fleet.Entrance) string { return "mlfleet-" + string(e) }

// tlsSecret is the Secret that an entrance's certificate is in.
func tlsSecret(e fleet.Entrance) string { return gatewayName(e) + "-tls" }

// entrances are those that a cluster has.
func entrances(c *fleet.Cluster) []fleet.Entrance {
	if c.Spec.Ingress.Public == nil {
		return []fleet.Entrance{fleet.Internal}
	}
	return []fleet.Entrance{fleet.Internal, fleet.Public}
}

// SharedGateways are the ways into a cluster by the Gateway API, each with a
// load balancer of its own, so that no host name that is meant for the company is
// answered on the internet's. They lie in the namespace of the gateway's pods,
// which the tenants' network policies let in. The base has none.
func SharedGateways(c *fleet.Cluster) []*Gateway {
	if c == nil || c.Spec.Ingress.LoadBalanced() || c.Environment.Spec.Traffic.ByIstio() {
		return nil
	}
	var gateways []*Gateway
	for _, e := range entrances(c) {
		gateways = append(gateways, sharedGateway(c, e))
	}
	return gateways
}

func sharedGateway(c *fleet.Cluster, e fleet.Entrance) *Gateway {
	meta := object.PlatformMeta(gatewayName(e))
	meta.Namespace = c.Spec.Ingress.Namespace
	if tls := c.Spec.Ingress.TLS; tls != nil && tls.Issuer != "" {
		meta.Annotations = map[string]string{annotationIssuer: tls.Issuer}
	}
	g := &Gateway{
		TypeMeta:   metav1.TypeMeta{APIVersion: gatewayGroup + "/v1", Kind: "Gateway"},
		ObjectMeta: meta,
		Spec: GatewaySpec{
			GatewayClassName: c.Spec.Ingress.GatewayClass(),
			Infrastructure:   Infrastructure{Annotations: networkLoadBalancer(c, e)},
		},
	}
	for _, d := range domains(c, e) {
		g.Spec.Listeners = append(g.Spec.Listeners, listener(c, e, d))
	}
	return g
}

// domain is one whose names an entrance answers to.
type domain struct{ listener, name string }

// domains are the cluster's own and, for the internet, that of all its
// environment's clusters.
func domains(c *fleet.Cluster, e fleet.Entrance) []domain {
	all := []domain{{"cluster", c.Spec.Ingress.Hostname}}
	if shared := c.Environment.Spec.Traffic.Domain; e == fleet.Public && shared != "" {
		all = append(all, domain{"environment", shared})
	}
	return all
}

// listener ends TLS where cert-manager issues certificates. Where the load balancer
// ends it, with a certificate of ACM, what arrives is plain.
func listener(c *fleet.Cluster, e fleet.Entrance, d domain) Listener {
	l := Listener{
		Name: d.listener, Hostname: "*." + d.name, Port: loadBalancerPort(c), Protocol: "HTTP",
		AllowedRoutes: AllowedRoutes{Namespaces: RouteNamespaces{From: "Selector", Selector: allowedNamespaces(e)}},
	}
	if tls := c.Spec.Ingress.TLS; tls != nil && tls.Issuer != "" {
		l.Protocol = "HTTPS"
		l.TLS = &ListenerTLS{Mode: "Terminate", CertificateRefs: []CertificateRef{{Kind: "Secret", Name: tlsSecret(e)}}}
	}
	return l
}

// allowedNamespaces are the tenants' whom the fleet made, and on the public entrance
// those of them with the grant.
func allowedNamespaces(e fleet.Entrance) metav1.LabelSelector {
	labels := map[string]string{object.LabelManagedBy: object.ManagedBy, object.LabelComponent: object.ComponentGuardrails}
	if e == fleet.Public {
		labels[object.LabelPublic] = "true"
	}
	return metav1.LabelSelector{MatchLabels: labels}
}
