package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// HTTPRoute is the part of gateway.networking.k8s.io/v1 that we write; the CRD's
// schema checks it in the tests. Fields that the API server would fill in with their
// defaults are written, so that Argo CD sees no difference.
type HTTPRoute struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              HTTPRouteSpec `json:"spec"`
}

// HTTPRouteSpec says which requests of which gateway go where.
type HTTPRouteSpec struct {
	ParentRefs []ParentRef `json:"parentRefs"`
	Hostnames  []string    `json:"hostnames"`
	Rules      []RouteRule `json:"rules"`
}

// ParentRef is the gateway that a route belongs to.
type ParentRef struct {
	Group     string `json:"group"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// RouteRule sends its backends what any of the matches describes.
type RouteRule struct {
	Matches     []RouteMatch  `json:"matches"`
	BackendRefs []BackendRef  `json:"backendRefs"`
	Timeouts    RouteTimeouts `json:"timeouts"`
}

// RouteTimeouts are durations as the Gateway API writes them (GEP-2257).
type RouteTimeouts struct {
	// Request is how long a gateway waits for the whole answer.
	Request string `json:"request"`
}

// RouteMatch wants all of what it names.
type RouteMatch struct {
	Path    PathMatch     `json:"path"`
	Headers []HeaderMatch `json:"headers,omitempty"`
}

// PathMatch is PathPrefix or Exact.
type PathMatch struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// HeaderMatch is Exact.
type HeaderMatch struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// BackendRef is a Service's port and its share of the requests.
type BackendRef struct {
	Group  string `json:"group"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Port   int32  `json:"port"`
	Weight int32  `json:"weight"`
}
