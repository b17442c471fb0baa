package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// gatewayGroup is the API group of the Gateway API.
const gatewayGroup = "gateway.networking.k8s.io"

// Gateway is the part of gateway.networking.k8s.io/v1 that we write; the CRD's schema
// checks it in the tests.
type Gateway struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              GatewaySpec `json:"spec"`
}

// GatewaySpec says who runs the gateway, with which load balancer, and what it
// listens to.
type GatewaySpec struct {
	GatewayClassName string         `json:"gatewayClassName"`
	Infrastructure   Infrastructure `json:"infrastructure"`
	Listeners        []Listener     `json:"listeners"`
}

// Infrastructure is put on what the gateway's controller makes: its Service.
type Infrastructure struct {
	Annotations map[string]string `json:"annotations"`
}

// Listener is a port for host names below a domain.
type Listener struct {
	Name          string        `json:"name"`
	Hostname      string        `json:"hostname"`
	Port          int32         `json:"port"`
	Protocol      string        `json:"protocol"` // HTTP | HTTPS
	TLS           *ListenerTLS  `json:"tls,omitempty"`
	AllowedRoutes AllowedRoutes `json:"allowedRoutes"`
}

// ListenerTLS ends TLS with the certificate of a Secret.
type ListenerTLS struct {
	Mode            string           `json:"mode"`
	CertificateRefs []CertificateRef `json:"certificateRefs"`
}

// CertificateRef is a Secret in the gateway's namespace.
type CertificateRef struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

// AllowedRoutes says whose routes the listener takes.
type AllowedRoutes struct {
	Namespaces RouteNamespaces `json:"namespaces"`
}

// RouteNamespaces are those that the selector selects.
type RouteNamespaces struct {
	From     string               `json:"from"`
	Selector metav1.LabelSelector `json:"selector"`
}
