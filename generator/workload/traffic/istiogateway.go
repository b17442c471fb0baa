package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// IstioGateway is the part of networking.istio.io/v1's Gateway that we write; the
// CRD's schema checks it in the tests.
type IstioGateway struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              IstioGatewaySpec `json:"spec"`
}

// IstioGatewaySpec says which pods listen to what.
type IstioGatewaySpec struct {
	Selector map[string]string `json:"selector"`
	Servers  []IstioServer     `json:"servers"`
}

// IstioServer is a port for host names.
type IstioServer struct {
	Port  IstioServerPort `json:"port"`
	Hosts []string        `json:"hosts"`
	TLS   *IstioServerTLS `json:"tls,omitempty"`
}

// IstioServerPort is a port of the pods.
type IstioServerPort struct {
	Name     string `json:"name"`
	Number   int32  `json:"number"`
	Protocol string `json:"protocol"` // HTTP | HTTPS
}

// IstioServerTLS ends TLS with the certificate of a Secret.
type IstioServerTLS struct {
	Mode           string `json:"mode"`
	CredentialName string `json:"credentialName"`
}
