package fleet

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Routing is the API by which an environment's clusters split and route requests.
type Routing string

// The routing APIs.
const (
	GatewayAPI Routing = "gateway-api"
	Istio      Routing = "istio"
)

// Traffic is how requests reach an environment's models.
type Traffic struct {
	// Routing is "" for GatewayAPI.
	Routing Routing `json:"routing,omitempty"`
	// Domain is the DNS domain of the names that lead to a public model in whichever
	// region it runs; "" where models have their clusters' names only.
	Domain string `json:"domain,omitempty"`
}

// ByIstio says whether Istio's own objects route requests.
func (t Traffic) ByIstio() bool { return t.Routing == Istio }

// Entrance is one of the two ways into a cluster.
type Entrance string

// The entrances. Their names are the first labels of the DNS names of their load
// balancers, so no model may claim them.
const (
	Internal Entrance = "internal" // from the company's network
	Public   Entrance = "public"   // from the internet
)

// IngressTLS says whose certificates the cluster's host names have; exactly one is set.
type IngressTLS struct {
	// Issuer is a ClusterIssuer of cert-manager; the gateway's pods end TLS.
	Issuer string `json:"issuer,omitempty"`
	// Certificate is the ARN of a certificate of ACM; the load balancer ends TLS.
	Certificate string `json:"certificate,omitempty"`
}

// PublicIngress is the way into a cluster from the internet.
type PublicIngress struct {
	// WAF is the ARN of an AWS WAF web ACL; "" for none.
	WAF string `json:"waf,omitempty"`
	// CloudFront is nil where clients reach the load balancer themselves.
	CloudFront *CloudFront `json:"cloudFront,omitempty"`
	// HealthCheck is the ID of a Route 53 health check of this entrance; "" for none.
	HealthCheck string `json:"healthCheck,omitempty"`
}

// CloudFront is the distribution whose origin a cluster is, and how a request
// shows that it came that way.
type CloudFront struct {
	// Domain is the distribution's own DNS name: d111111abcdef8.cloudfront.net.
	Domain string `json:"domain"`
	// PrefixList is the managed prefix list of CloudFront's addresses in the region.
	PrefixList string `json:"prefixList"`
	// Header and Value are what the distribution adds to its requests.
	Header string `json:"header"`
	Value  string `json:"value"`
}

// LoadBalanced says whether a load balancer reaches the pods by itself, without the
// pods of a gateway in between.
func (i Ingress) LoadBalanced() bool { return i.Namespace == "" }

// GatewayClass is the class of the cluster's gateways.
func (i Ingress) GatewayClass() string {
	if i.Class == "" {
		return "istio" // the class that an installation of Istio brings
	}
	return i.Class
}

// Address is the DNS name of one of the cluster's load balancers.
func (i Ingress) Address(e Entrance) string { return string(e) + "." + i.Hostname }

// CloudFrontAt is the distribution that clients of an entrance come through; nil where
// they come to its load balancer by themselves.
func (i Ingress) CloudFrontAt(e Entrance) *CloudFront {
	if e != Public || i.Public == nil {
		return nil
	}
	return i.Public.CloudFront
}

// Expose makes a model reachable through the cluster's ingress.
type Expose struct {
	// Hostname is the first label of the DNS name; the cluster's ingress hostname follows.
	Hostname string `json:"hostname"`
	// Public opens the way from the internet.
	Public bool `json:"public,omitempty"`
	// Sticky is how long a client keeps the replica that it got; 0 = not at all.
	Sticky metav1.Duration `json:"sticky,omitzero"`
	// DNS chooses between regions; nil means by latency.
	DNS *DNS `json:"dns,omitempty"`
}

// Entrance is the way into the cluster that leads to the model.
func (e *Expose) Entrance() Entrance {
	if e.Public {
		return Public
	}
	return Internal
}

// DNSPolicy says how Route 53 chooses between the regions of a name.
type DNSPolicy string

// The policies (Route 53 developer guide, "Choosing a routing policy").
const (
	Latency  DNSPolicy = "latency"
	Weighted DNSPolicy = "weighted"
	Failover DNSPolicy = "failover"
)

// DNS is how the name that leads to all of a model's regions chooses one.
type DNS struct {
	Policy DNSPolicy `json:"policy"`
	// Primary and Secondary are regions; failover only.
	Primary   string `json:"primary,omitempty"`
	Secondary string `json:"secondary,omitempty"`
	// Weights are 0 … 255 by region; weighted only.
	Weights map[string]int64 `json:"weights,omitempty"`
}

// Routes is how the model's regions are chosen between.
func (e *Expose) Routes() DNS {
	if e.DNS == nil {
		return DNS{Policy: Latency}
	}
	return *e.DNS
}

// Hostname is the DNS name of an exposed model in the placement's cluster.
func (p *Placement) Hostname(m *Model) string {
	return m.Spec.Expose.Hostname + "." + p.Cluster.Spec.Ingress.Hostname
}

// GlobalHostname is the DNS name of a public model in all regions of the
// placement's environment; "" where it has none.
func (p *Placement) GlobalHostname(m *Model) string {
	domain := p.Cluster.Environment.Spec.Traffic.Domain
	if domain == "" || !m.Spec.Expose.Public {
		return ""
	}
	return m.Spec.Expose.Hostname + "." + domain
}

// Canary is a version of a model that gets part of its requests.
type Canary struct {
	Version  string   `json:"version"`
	Artifact Artifact `json:"artifact"`
	// Weight is the percentage of the requests that it gets, 0 … 100.
	Weight int32 `json:"weight"`
	// Header is the name of a header whose value, where it is the canary's version,
	// sends a request to the canary whatever the weight; "" = none.
	Header string `json:"header,omitempty"`
}

const canarySuffix = "-canary"

// AsCanary is the model's canary as a model of its own, with the replicas that its
// share of the requests needs; nil where the model has none. Everything that is
// made for a model is made for it too.
func (m *Model) AsCanary() *Model {
	if m.Spec.Canary == nil {
		return nil
	}
	c := *m
	c.Name, c.CanaryOf = m.Name+canarySuffix, m.Name
	c.Spec.Version, c.Spec.Artifact, c.Spec.Canary = m.Spec.Canary.Version, m.Spec.Canary.Artifact, nil
	c.Spec.Replicas = Replicas{
		Min: m.Spec.Canary.share(m.Spec.Replicas.Min),
		Max: m.Spec.Canary.share(m.Spec.Replicas.Max),
	}
	c.Spec.Scaling.Schedules, c.Plan = m.canarySchedules(c.Spec.Replicas), nil
	return &c
}

// canarySchedules are those of the model in which its canary, too, is to have more
// replicas than its fewest.
func (m *Model) canarySchedules(replicas Replicas) []Schedule {
	var out []Schedule
	for _, s := range m.Spec.Scaling.Schedules {
		if s.Min = m.Spec.Canary.share(s.Min); s.Min > replicas.Min {
			out = append(out, s)
		}
	}
	return out
}

// share is the canary's part of a number of replicas, rounded up, and at least one:
// a request with the header may come at any time.
func (c *Canary) share(replicas int32) int32 {
	return max((replicas*c.Weight+99)/100, 1)
}

// Served is the name by which clients know the model, whose canary may serve it.
func (m *Model) Served() string {
	if m.CanaryOf != "" {
		return m.CanaryOf
	}
	return m.Name
}

// Servers are the placement's models, each followed by its canary: all that runs.
func (p *Placement) Servers() []*Model {
	var all []*Model
	for _, m := range p.Models {
		all = append(all, m)
		if c := m.AsCanary(); c != nil {
			all = append(all, c)
		}
	}
	return all
}
