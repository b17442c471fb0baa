package traffic_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/guardrails"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
	"github.com/mlfleet/mlfleet/generator/workload/traffic"
)

// exposed is the fixture's sentiment, public and with a canary, behind a gateway's
// pods (us-east-production) and behind a load balancer (eu-west-staging).
func exposed(t *testing.T) (gateway, balanced *fleet.Placement) {
	t.Helper()
	f, gateway, balanced := workloadtest.Fixture(t)
	f.Tenants[0].Spec.Allow.Public = true
	for _, p := range []*fleet.Placement{gateway, balanced} {
		p.Cluster.Environment.Spec.Traffic.Domain = "ml.example.com"
		p.Cluster.Spec.Ingress.TLS = &fleet.IngressTLS{Certificate: "arn:certificate"}
		p.Cluster.Spec.Ingress.Public = &fleet.PublicIngress{HealthCheck: "check"}
		m := workloadtest.Model(t, p, "sentiment")
		m.Spec.Expose.Public = true
		m.Spec.Canary = &fleet.Canary{
			Version: "4", Artifact: fleet.Artifact{URI: "s3://acme-models/sentiment/4", SHA256: strings.Repeat("ab", 32)},
			Weight: 10, Header: "x-model-version",
		}
	}
	return gateway, balanced
}

// weights are what a rule of an HTTPRoute sends where.
func weights(rule traffic.RouteRule) map[string]int32 {
	out := map[string]int32{}
	for _, b := range rule.BackendRefs {
		out[b.Name] = b.Weight
	}
	return out
}

func TestTheRouteSplitsByHeaderThenByWeight(t *testing.T) {
	p, _ := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	route := workloadtest.Find[*traffic.HTTPRoute](t, workload.Models(p), "sentiment")
	if len(route.Spec.Rules) != 2 {
		t.Fatalf("rules are %+v", route.Spec.Rules)
	}
	asked, rest := route.Spec.Rules[0], route.Spec.Rules[1]
	for _, match := range asked.Matches {
		if len(match.Headers) != 1 || match.Headers[0] != (traffic.HeaderMatch{Type: "Exact", Name: "x-model-version", Value: "4"}) {
			t.Errorf("who asks for the canary is told by %+v", match.Headers)
		}
	}
	if w := weights(asked); len(w) != 1 || w["sentiment-canary"] == 0 {
		t.Errorf("who asks for the canary goes to %v", w)
	}
	if w := weights(rest); len(w) != 2 || w["sentiment"] != 90 || w["sentiment-canary"] != 10 {
		t.Errorf("all others go to %v", w)
	}

	// With all requests at the canary the model stands by; with none, the header alone decides.
	m.Spec.Canary.Weight = 100
	if w := weights(traffic.ModelRoute(p, m).Spec.Rules[1]); len(w) != 1 || w["sentiment-canary"] != 100 {
		t.Errorf("with weight 100 requests go to %v", w)
	}
	m.Spec.Canary.Weight = 0
	if w := weights(traffic.ModelRoute(p, m).Spec.Rules[1]); len(w) != 1 || w["sentiment"] != 100 {
		t.Errorf("with weight 0 requests go to %v", w)
	}
}

// A gateway's own patience may be half of the server's: whether an answer comes must not
// depend on it.
func TestGatewaysWaitLongerThanTheServer(t *testing.T) {
	const server = 30 * time.Second // REQUEST_TIMEOUT in docs/contract.md
	p, _ := exposed(t)
	for i, rule := range traffic.ModelRoute(p, workloadtest.Model(t, p, "sentiment")).Spec.Rules {
		if got, err := time.ParseDuration(rule.Timeouts.Request); err != nil || got <= server {
			t.Errorf("rule %d waits for %q, and the server for %s", i, rule.Timeouts.Request, server)
		}
	}
}

// A canary is a model: what a model has, it has, under a name that selects nothing of
// the model's.
func TestACanaryRunsBesideItsModel(t *testing.T) {
	p, _ := exposed(t)
	objects := workload.Models(p)
	have := map[string]bool{}
	for _, id := range workloadtest.Identities(t, objects) {
		have[id] = true
	}
	for id := range have {
		if rest, ok := strings.CutPrefix(id, "sentiment/"); ok && !strings.HasPrefix(rest, "route.yaml") && !strings.HasPrefix(rest, "dns.yaml") && !strings.HasPrefix(rest, "autoscaling.yaml") {
			if want := "sentiment-canary/" + strings.Replace(rest, " sentiment", " sentiment-canary", 1); !have[want] {
				t.Errorf("the model has %q, the canary has no %q", id, want)
			}
		}
	}
	stable := workloadtest.Find[*appsv1.Deployment](t, objects, "sentiment")
	canary := workloadtest.Find[*appsv1.Deployment](t, objects, "sentiment-canary")
	service := workloadtest.Find[*corev1.Service](t, objects, "sentiment")
	for name, selector := range map[string]map[string]string{"Deployment": stable.Spec.Selector.MatchLabels, "Service": service.Spec.Selector} {
		if labels.SelectorFromSet(selector).Matches(labels.Set(canary.Spec.Template.Labels)) {
			t.Errorf("the model's %s selects the canary's pods", name)
		}
	}
	if got := canary.Spec.Replicas; got == nil || *got != 1 {
		t.Errorf("a tenth of 2 to 10 replicas is %v, want 1", got)
	}
	env := map[string]string{}
	for _, v := range append(canary.Spec.Template.Spec.InitContainers[0].Env, canary.Spec.Template.Spec.Containers[0].Env...) {
		env[v.Name] = v.Value
	}
	for name, want := range map[string]string{"MODEL_NAME": "sentiment", "MODEL_VERSION": "4", "ARTIFACT_URI": "s3://acme-models/sentiment/4"} {
		if env[name] != want {
			t.Errorf("the canary's %s is %q, want %q: clients ask for the model by one name", name, env[name], want)
		}
	}
}

func TestWhatComesThroughCloudFrontShowsIt(t *testing.T) {
	p, _ := exposed(t)
	p.Cluster.Spec.Ingress.Public.CloudFront = &fleet.CloudFront{Domain: "d1.cloudfront.net", PrefixList: "pl-1", Header: "x-distribution", Value: "E1"}
	m := workloadtest.Model(t, p, "sentiment")
	for _, rule := range traffic.ModelRoute(p, m).Spec.Rules {
		for _, match := range rule.Matches {
			if len(match.Headers) == 0 || match.Headers[0].Name != "x-distribution" || match.Headers[0].Value != "E1" {
				t.Errorf("%s is let in with headers %+v", match.Path.Value, match.Headers)
			}
		}
	}
	for _, g := range traffic.SharedGateways(p.Cluster) {
		want := map[string]string{"mlfleet-public": "pl-1"}[g.Name]
		if got := g.Spec.Infrastructure.Annotations["service.beta.kubernetes.io/aws-load-balancer-security-group-prefix-lists"]; got != want {
			t.Errorf("%s lets in %q, want %q", g.Name, got, want)
		}
	}
	m.Spec.Expose.Public = false
	for _, rule := range traffic.ModelRoute(p, m).Spec.Rules[1:] {
		if len(rule.Matches[0].Headers) != 0 {
			t.Errorf("an internal model wants %+v", rule.Matches[0].Headers)
		}
	}
}

// The fence and the gateways are synced apart: what the public one selects, the
// namespace has to have, and only with the grant.
func TestOnlyTenantsWithTheGrantHangOnThePublicGateway(t *testing.T) {
	p, _ := exposed(t)
	for _, granted := range []bool{true, false} {
		p.Tenant.Spec.Allow.Public = granted
		namespace := labels.Set(guardrails.Namespace(p).Labels)
		for _, g := range traffic.SharedGateways(p.Cluster) {
			want := granted || g.Name == "mlfleet-internal"
			for _, l := range g.Spec.Listeners {
				if got := labels.SelectorFromSet(l.AllowedRoutes.Namespaces.Selector.MatchLabels).Matches(namespace); got != want {
					t.Errorf("grant %t: listener %s of %s takes the tenant's routes: %t", granted, l.Name, g.Name, got)
				}
			}
		}
	}
}

func TestTheInternetHasALoadBalancerOfItsOwn(t *testing.T) {
	p, _ := exposed(t)
	for _, routing := range []fleet.Routing{fleet.GatewayAPI, fleet.Istio} {
		p.Cluster.Environment.Spec.Traffic.Routing = routing
		for _, c := range []*fleet.PublicIngress{p.Cluster.Spec.Ingress.Public, nil} {
			p.Cluster.Spec.Ingress.Public = c
			schemes := map[string]string{}
			for _, g := range traffic.SharedGateways(p.Cluster) {
				schemes[g.Name] = g.Spec.Infrastructure.Annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]
			}
			for _, s := range traffic.IstioLoadBalancers(p.Cluster) {
				schemes[s.Name] = s.Annotations["service.beta.kubernetes.io/aws-load-balancer-scheme"]
			}
			want := map[bool]string{true: "internet-facing", false: ""}[c != nil]
			if schemes["mlfleet-internal"] != "internal" || schemes["mlfleet-public"] != want {
				t.Errorf("%s: load balancers are %v", routing, schemes)
			}
		}
	}
	if traffic.SharedGateways(nil) != nil || traffic.IstioGateways(nil) != nil {
		t.Error("the base opens a way in")
	}
}

func TestCertManagerIssuesForBothKindsOfGateways(t *testing.T) {
	p, _ := exposed(t)
	p.Cluster.Spec.Ingress.TLS = &fleet.IngressTLS{Issuer: "letsencrypt"}
	for _, g := range traffic.SharedGateways(p.Cluster) {
		l := g.Spec.Listeners[0]
		if g.Annotations["cert-manager.io/cluster-issuer"] != "letsencrypt" || l.Protocol != "HTTPS" || l.TLS.CertificateRefs[0].Name != g.Name+"-tls" {
			t.Errorf("%s listens to %+v, annotated %v", g.Name, l, g.Annotations)
		}
	}
	p.Cluster.Environment.Spec.Traffic.Routing = fleet.Istio
	gateways, certificates := traffic.IstioGateways(p.Cluster), traffic.IstioCertificates(p.Cluster)
	for i, g := range gateways {
		server, certificate := g.Spec.Servers[0], certificates[i]
		if server.TLS == nil || server.TLS.CredentialName != certificate.Spec.SecretName || strings.Join(server.Hosts, " ") != strings.Join(certificate.Spec.DNSNames, " ") {
			t.Errorf("%s listens to %+v, with %+v", g.Name, server, certificate.Spec)
		}
		if port := traffic.IstioLoadBalancers(p.Cluster)[i].Spec.Ports[0]; port.TargetPort.IntVal != server.Port.Number || port.Port != 443 {
			t.Errorf("the load balancer of %s sends %d to %s", g.Name, port.Port, port.TargetPort.String())
		}
	}
	if gateways[0].Spec.Servers[0].Port.Number == gateways[1].Spec.Servers[0].Port.Number {
		t.Error("the internet's load balancer answers for internal names")
	}
}

func TestIstiosRouteIsTheGatewayAPIs(t *testing.T) {
	p, _ := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Expose.Sticky.Duration = time.Hour
	want := traffic.ModelRoute(p, m)
	p.Cluster.Environment.Spec.Traffic.Routing = fleet.Istio
	if traffic.ModelRoute(p, m) != nil {
		t.Error("both APIs route")
	}
	got := traffic.IstioModelRoute(p, m)
	if strings.Join(got.Spec.Hosts, " ") != strings.Join(want.Spec.Hostnames, " ") || got.Spec.Gateways[0] != "gateway-system/mlfleet-public" {
		t.Errorf("%v on %v", got.Spec.Hosts, got.Spec.Gateways)
	}
	for i, rule := range want.Spec.Rules {
		route := got.Spec.HTTP[i]
		if route.Timeout != rule.Timeouts.Request {
			t.Errorf("route %d waits for %q, want %q", i, route.Timeout, rule.Timeouts.Request)
		}
		for j, match := range rule.Matches {
			uri := route.Match[j].URI
			if uri.Exact+uri.Prefix != match.Path.Value || (uri.Prefix != "") != (match.Path.Type == "PathPrefix") {
				t.Errorf("route %d matches %+v, want %+v", i, uri, match.Path)
			}
			for _, h := range match.Headers {
				if route.Match[j].Headers[h.Name].Exact != h.Value {
					t.Errorf("route %d wants headers %v", i, route.Match[j].Headers)
				}
			}
		}
		for j, b := range rule.BackendRefs {
			if d := route.Route[j]; d.Destination.Host != b.Name+".tenant-acme.svc.cluster.local" || d.Weight != b.Weight || d.Destination.Port.Number != b.Port {
				t.Errorf("route %d goes to %+v, want %+v", i, d, b)
			}
		}
	}
	for _, name := range []string{"sentiment", "sentiment-canary"} {
		cookie := workloadtest.Find[*traffic.DestinationRule](t, workload.Models(p), name).Spec.TrafficPolicy.LoadBalancer.ConsistentHash
		if cookie == nil || cookie.HTTPCookie.TTL != "3600s" {
			t.Errorf("%s keeps its clients by %+v", name, cookie)
		}
	}
}

func TestRecordsLeadToTheNearestRegionOrAsAsked(t *testing.T) {
	p, _ := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	for _, tc := range []struct {
		name string
		dns  *fleet.DNS
		want string // of the name for all regions; "" = none
	}{
		{"default", nil, "aws/region=us-east-1 aws/health-check-id=check"},
		{"weighted", &fleet.DNS{Policy: fleet.Weighted, Weights: map[string]int64{"us-east": 30}}, "aws/weight=30 aws/health-check-id=check"},
		{"primary", &fleet.DNS{Policy: fleet.Failover, Primary: "us-east", Secondary: "eu-west"}, "aws/failover=PRIMARY aws/health-check-id=check"},
		{"secondary", &fleet.DNS{Policy: fleet.Failover, Primary: "eu-west", Secondary: "us-east"}, "aws/failover=SECONDARY aws/health-check-id=check"},
		{"neither", &fleet.DNS{Policy: fleet.Failover, Primary: "eu-west", Secondary: "us-west"}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m.Spec.Expose.DNS = tc.dns
			records := traffic.DNSRecords(p, m).Spec.Endpoints
			if own := records[0]; own.DNSName != "sentiment.us-east.ml.example.com" || own.SetIdentifier != "" || own.Targets[0] != "public.us-east.ml.example.com" {
				t.Errorf("the cluster's own record is %+v", own)
			}
			if tc.want == "" {
				if len(records) != 1 {
					t.Errorf("records are %+v", records)
				}
				return
			}
			var properties []string
			for _, property := range records[1].ProviderSpecific {
				properties = append(properties, property.Name+"="+property.Value)
			}
			if got := strings.Join(properties, " "); got != tc.want || records[1].DNSName != "sentiment.ml.example.com" || records[1].SetIdentifier != "us-east-production" {
				t.Errorf("%+v, want %s", records[1], tc.want)
			}
		})
	}
}

// A load balancer that lets in CloudFront alone answers no client: names have to lead
// to the distribution.
func TestPublicNamesLeadToCloudFront(t *testing.T) {
	gateway, balanced := exposed(t)
	for _, p := range []*fleet.Placement{gateway, balanced} {
		m := workloadtest.Model(t, p, "sentiment")
		p.Cluster.Spec.Ingress.Public.CloudFront = &fleet.CloudFront{Domain: "d1.cloudfront.net", PrefixList: "pl-1", Header: "x-distribution", Value: "E1"}
		records := traffic.DNSRecords(p, m).Spec.Endpoints
		if len(records) != 2 {
			t.Fatalf("records are %+v", records)
		}
		for _, r := range records {
			if len(r.Targets) != 1 || r.Targets[0] != "d1.cloudfront.net" || r.RecordType != "CNAME" {
				t.Errorf("%s is a %s to %v", r.DNSName, r.RecordType, r.Targets)
			}
			if len(r.ProviderSpecific) == 0 || r.ProviderSpecific[0] != (traffic.DNSProperty{Name: "alias", Value: "false"}) {
				t.Errorf("%s may become an address record beside other regions' CNAMEs: %+v", r.DNSName, r.ProviderSpecific)
			}
		}
		m.Spec.Expose.Public = false
		if internal := traffic.DNSRecords(p, m).Spec.Endpoints; len(internal) != 1 || !strings.HasPrefix(internal[0].Targets[0], "internal.") || internal[0].ProviderSpecific != nil {
			t.Errorf("an internal model has %+v", internal)
		}
	}
}

func TestInternalModelsHaveOneName(t *testing.T) {
	p, _ := exposed(t)
	m := workloadtest.Model(t, p, "sentiment")
	m.Spec.Expose.Public = false
	records := traffic.DNSRecords(p, m).Spec.Endpoints
	if len(records) != 1 || records[0].Targets[0] != "internal.us-east.ml.example.com" {
		t.Errorf("an internal model has %+v", records)
	}
}
