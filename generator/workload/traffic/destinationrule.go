package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DestinationRule is the part of networking.istio.io/v1 that we write; the CRD's
// schema checks it in the tests.
type DestinationRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              DestinationRuleSpec `json:"spec"`
}

// DestinationRuleSpec says how proxies spread requests over a Service's pods.
type DestinationRuleSpec struct {
	Host          string      `json:"host"`
	TrafficPolicy IstioPolicy `json:"trafficPolicy"`
}

// IstioPolicy is the balancing alone.
type IstioPolicy struct {
	LoadBalancer IstioBalancer `json:"loadBalancer"`
}

// IstioBalancer is one of its fields.
type IstioBalancer struct {
	Simple         string     `json:"simple,omitempty"`
	ConsistentHash *IstioHash `json:"consistentHash,omitempty"`
}

// IstioHash chooses a pod by a cookie, which the proxy sets where there is none.
type IstioHash struct {
	HTTPCookie IstioCookie `json:"httpCookie"`
}

// IstioCookie lives for a TTL such as 1800s.
type IstioCookie struct {
	Name string `json:"name"`
	TTL  string `json:"ttl"`
}
