package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// istioVersion is the API version of Istio's routing objects.
const istioVersion = "networking.istio.io/v1"

// VirtualService is the part of networking.istio.io/v1 that we write; the CRD's
// schema checks it in the tests.
type VirtualService struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              VirtualServiceSpec `json:"spec"`
}

// VirtualServiceSpec says which requests of which gateway go where; of several
// routes the first that matches.
type VirtualServiceSpec struct {
	Hosts    []string     `json:"hosts"`
	Gateways []string     `json:"gateways"` // <namespace>/<name>
	HTTP     []IstioRoute `json:"http"`
}

// IstioRoute sends its destinations what any of the matches describes.
type IstioRoute struct {
	Match   []IstioMatch       `json:"match"`
	Route   []IstioDestination `json:"route"`
	Timeout string             `json:"timeout"` // of the whole answer; Istio has none by default
}

// IstioMatch wants all of what it names.
type IstioMatch struct {
	URI     StringMatch            `json:"uri"`
	Headers map[string]StringMatch `json:"headers,omitempty"` // names in small letters
}

// StringMatch is one of its fields.
type StringMatch struct {
	Exact  string `json:"exact,omitempty"`
	Prefix string `json:"prefix,omitempty"`
}

// IstioDestination is a Service's port and its percentage of the requests.
type IstioDestination struct {
	Destination IstioService `json:"destination"`
	Weight      int32        `json:"weight"`
}

// IstioService is a Service by its full name in the cluster.
type IstioService struct {
	Host string    `json:"host"`
	Port IstioPort `json:"port"`
}

// IstioPort is a Service's port.
type IstioPort struct {
	Number int32 `json:"number"`
}
