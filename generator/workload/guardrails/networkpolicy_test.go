package guardrails_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// allowances are what a policy allows, a line for each peer:
// "in PODS <- PEER PORTS" or "out PODS -> PEER PORTS".
func allowances(policy *networkingv1.NetworkPolicy) []string {
	var out []string
	add := func(arrow string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
		pods := selected(&policy.Spec.PodSelector)
		if len(peers) == 0 {
			out = append(out, fmt.Sprintf(arrow, pods)+" ANYWHERE "+portNames(ports))
		}
		for _, peer := range peers {
			out = append(out, fmt.Sprintf(arrow, pods)+" "+peerName(peer)+" "+portNames(ports))
		}
	}
	for _, rule := range policy.Spec.Ingress {
		add("in %s <-", rule.From, rule.Ports)
	}
	for _, rule := range policy.Spec.Egress {
		add("out %s ->", rule.To, rule.Ports)
	}
	return out
}

func selected(s *metav1.LabelSelector) string {
	if s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
		return "all"
	}
	return metav1.FormatLabelSelector(s)
}

func peerName(p networkingv1.NetworkPolicyPeer) string {
	if p.IPBlock != nil {
		return p.IPBlock.CIDR
	}
	return strings.TrimPrefix(selected(p.NamespaceSelector), "kubernetes.io/metadata.name=") + "/" + selected(p.PodSelector)
}

func portNames(ports []networkingv1.NetworkPolicyPort) string {
	if len(ports) == 0 {
		return "ANY PORT"
	}
	var out []string
	for _, port := range ports {
		out = append(out, fmt.Sprintf("%s/%s", *port.Protocol, port.Port))
	}
	return strings.Join(out, ",")
}

// The whole of what may come in and go out. A policy that is missing in the table is
// as wrong as a peer that is.
func TestNetworkPolicies(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	dns := "out all -> kube-system/k8s-app=kube-dns UDP/53,TCP/53"
	egress := []string{"out all -> 10.30.0.0/24 TCP/6379", "out all -> 10.30.1.0/24 TCP/6379"}
	for _, test := range []struct {
		name      string
		placement *fleet.Placement
		want      map[string][]string
	}{
		{"base", irsa.Tenant.Base, map[string][]string{
			"default-deny":               nil,
			"allow-dns":                  {dns},
			"allow-gateway":              nil,
			"allow-prometheus":           nil,
			"allow-traces":               nil,
			"allow-object-store":         nil,
			"allow-aws-credentials":      nil,
			"allow-egress-feature-store": egress,
		}},
		{"gateway and IRSA", irsa, map[string][]string{
			"default-deny":               nil,
			"allow-dns":                  {dns},
			"allow-gateway":              {"in mlfleet.dev/exposed=true <- gateway-system/all TCP/8000,TCP/8001"},
			"allow-prometheus":           {"in all <- monitoring/app.kubernetes.io/name=prometheus TCP/8002"},
			"allow-traces":               {"out all -> tracing/all TCP/4317"},
			"allow-object-store":         {"out all -> 10.10.8.0/28 TCP/443", "out all -> 10.10.9.0/28 TCP/443"},
			"allow-aws-credentials":      {"out all -> 10.10.8.16/28 TCP/443"},
			"allow-egress-feature-store": egress,
		}},
		{"load balancer and Pod Identity", podIdentity, map[string][]string{
			"default-deny": nil,
			"allow-dns":    {dns, "out all -> 169.254.20.10/32 UDP/53,TCP/53"},
			"allow-gateway": {
				"in mlfleet.dev/exposed=true <- 10.20.0.0/24 TCP/8000,TCP/8001",
				"in mlfleet.dev/exposed=true <- 10.20.1.0/24 TCP/8000,TCP/8001",
			},
			"allow-prometheus":           {"in all <- observability/app.kubernetes.io/name=prometheus TCP/8002"},
			"allow-traces":               nil,
			"allow-object-store":         {"out all -> 10.20.8.0/28 TCP/443"},
			"allow-aws-credentials":      {"out all -> 169.254.170.23/32 TCP/80"},
			"allow-egress-feature-store": egress,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := map[string][]string{}
			for name, policy := range workloadtest.Policies(workload.Guardrails(test.placement)) {
				got[name] = allowances(policy)
			}
			if !maps.EqualFunc(got, test.want, slices.Equal) {
				t.Errorf("got\n%q\nwant\n%q", got, test.want)
			}
		})
	}
}

func TestDefaultDenyIsAboutAllPodsBothWays(t *testing.T) {
	_, irsa, _ := workloadtest.Fixture(t)
	spec := workloadtest.Policies(workload.Guardrails(irsa))["default-deny"].Spec
	if !slices.Equal(spec.PolicyTypes, []networkingv1.PolicyType{"Ingress", "Egress"}) {
		t.Errorf("it denies %v", spec.PolicyTypes)
	}
	if selected(&spec.PodSelector) != "all" {
		t.Errorf("it selects %v", spec.PodSelector)
	}
}

// In a rule, an empty list of peers or ports means all of them: one forgotten input
// must close a way, not open it to the world.
func TestAForgottenInputOpensNothing(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, p := range []*fleet.Placement{irsa, podIdentity} {
		p.Cluster.Spec.Ingress = fleet.Ingress{}
		p.Cluster.Spec.Endpoints = fleet.Endpoints{}
		p.Tenant.Spec.Allow.Egress = []fleet.Egress{{Name: "nowhere", Port: 443}}
		for name, policy := range workloadtest.Policies(workload.Guardrails(p)) {
			for _, line := range allowances(policy) {
				if strings.Contains(line, "ANY") {
					t.Errorf("%s: %s allows %q", p.Cluster.Name, name, line)
				}
			}
			if len(policy.Spec.PolicyTypes) == 0 {
				t.Errorf("%s: %s leaves its types to be guessed", p.Cluster.Name, name)
			}
		}
	}
}

func TestNoPolicyOpensTheInternetOrAllNamespaces(t *testing.T) {
	_, irsa, podIdentity := workloadtest.Fixture(t)
	for _, p := range []*fleet.Placement{irsa.Tenant.Base, irsa, podIdentity} {
		for name, policy := range workloadtest.Policies(workload.Guardrails(p)) {
			for _, line := range allowances(policy) {
				if strings.Contains(line, "/0 ") || strings.Contains(line, " all/") {
					t.Errorf("%s allows %q", name, line)
				}
			}
			if policy.Annotations["mlfleet.dev/purpose"] == "" {
				t.Errorf("%s does not say what it is for", name)
			}
		}
	}
}

func TestObjectStoreThatIsNotS3(t *testing.T) {
	for _, test := range []struct {
		name      string
		store     fleet.ObjectStore
		addresses []string
		want      []string
	}{
		{"in the cluster", fleet.ObjectStore{Endpoint: "http://minio.minio.svc:9000", Namespace: "minio"}, nil, []string{"out all -> minio/all TCP/9000"}},
		{"outside", fleet.ObjectStore{Endpoint: "https://minio.example:9443"}, []string{"10.1.0.0/28"}, []string{"out all -> 10.1.0.0/28 TCP/9443"}},
		{"outside, at the scheme's port", fleet.ObjectStore{Endpoint: "https://minio.example"}, []string{"10.1.0.0/28"}, []string{"out all -> 10.1.0.0/28 TCP/443"}},
		{"in the clear", fleet.ObjectStore{Endpoint: "http://minio.example"}, []string{"10.1.0.0/28"}, []string{"out all -> 10.1.0.0/28 TCP/80"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, irsa, _ := workloadtest.Fixture(t)
			irsa.Cluster.Spec.ObjectStore = &test.store
			irsa.Cluster.Spec.Endpoints.ObjectStore = test.addresses
			policy := workloadtest.Policies(workload.Guardrails(irsa))["allow-object-store"]
			if got := allowances(policy); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
