package traffic

import (
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// The ports of load balancers. Nothing listens on 80 where there is TLS: a client
// that began in the clear would have sent its request by the time it is redirected.
const (
	portHTTP  int32 = 80
	portHTTPS int32 = 443
)

func loadBalancerPort(c *fleet.Cluster) int32 {
	if c.Spec.Ingress.TLS == nil {
		return portHTTP
	}
	return portHTTPS
}

// nlb begins the annotations by which the AWS load balancer controller makes a
// network load balancer of a Service ("Network Load Balancer", annotations).
const nlb = "service.beta.kubernetes.io/aws-load-balancer-"

// annotationDNSHostname has external-dns point a name at a Service's load balancer.
const annotationDNSHostname = "external-dns.alpha.kubernetes.io/hostname"

// networkLoadBalancer is the load balancer before a gateway's pods. It sends to their
// addresses, not to nodes, so that a request makes one hop less and the pods see
// where it is from. The Gateway API allows at most 16 of these annotations.
func networkLoadBalancer(c *fleet.Cluster, e fleet.Entrance) map[string]string {
	annotations := map[string]string{
		nlb + "type":            "external", // the controller's, not the one inside Kubernetes
		nlb + "nlb-target-type": "ip",
		nlb + "scheme":          scheme(e),
		annotationDNSHostname:   c.Spec.Ingress.Address(e),
	}
	if tls := c.Spec.Ingress.TLS; tls != nil && tls.Certificate != "" {
		annotations[nlb+"ssl-cert"] = tls.Certificate
		annotations[nlb+"ssl-ports"] = strconv.Itoa(int(portHTTPS))
		annotations[nlb+"ssl-negotiation-policy"] = tlsPolicy
	}
	if cf := c.Spec.Ingress.CloudFrontAt(e); cf != nil {
		annotations[nlb+"security-group-prefix-lists"] = cf.PrefixList
	}
	return annotations
}

// tlsPolicy takes TLS 1.3 and 1.2 with forward secrecy (Elastic Load Balancing,
// "Security policies", the recommended one).
const tlsPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"

func scheme(e fleet.Entrance) string {
	if e == fleet.Public {
		return "internet-facing"
	}
	return "internal"
}
