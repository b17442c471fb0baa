package traffic

import (
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// stickyCookie is the cookie by which a client comes back to its replica.
const stickyCookie = "mlfleet-replica"

// ModelBalancing says how Istio's proxies spread the requests over the replicas of
// a model, or of its canary: by a cookie where clients are to keep theirs, and else to
// whoever has least to do, since predictions differ in length. Gateways of Istio's
// class read it whichever API has the routes, but under the Gateway API only clients
// that keep their replica need it.
func ModelBalancing(p *fleet.Placement, m *fleet.Model) *DestinationRule {
	if p.Cluster == nil || m.Spec.Expose == nil || p.Cluster.Spec.Ingress.LoadBalanced() {
		return nil
	}
	sticky := m.Spec.Expose.Sticky.Duration
	if sticky == 0 && !p.Cluster.Environment.Spec.Traffic.ByIstio() {
		return nil
	}
	return &DestinationRule{
		TypeMeta:   metav1.TypeMeta{APIVersion: istioVersion, Kind: "DestinationRule"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec: DestinationRuleSpec{
			Host:          serviceHost(p, m.Name),
			TrafficPolicy: IstioPolicy{LoadBalancer: balancer(sticky)},
		},
	}
}

func balancer(sticky time.Duration) IstioBalancer {
	if sticky == 0 {
		return IstioBalancer{Simple: "LEAST_REQUEST"}
	}
	ttl := strconv.Itoa(int(sticky/time.Second)) + "s"
	return IstioBalancer{ConsistentHash: &IstioHash{HTTPCookie: IstioCookie{Name: stickyCookie, TTL: ttl}}}
}
