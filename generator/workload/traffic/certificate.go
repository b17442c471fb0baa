package traffic

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// Certificate is the part of cert-manager.io/v1 that we write; the CRD's schema
// checks it in the tests.
type Certificate struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              CertificateSpec `json:"spec"`
}

// CertificateSpec says who issues for which names into which Secret.
type CertificateSpec struct {
	SecretName string    `json:"secretName"`
	DNSNames   []string  `json:"dnsNames"`
	IssuerRef  IssuerRef `json:"issuerRef"`
}

// IssuerRef is an issuer of cert-manager.
type IssuerRef struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

// IstioCertificates are those of Istio's gateways, where cert-manager issues them.
// For a Gateway of the Gateway API, cert-manager makes its own from the listeners.
func IstioCertificates(c *fleet.Cluster) []*Certificate {
	var certificates []*Certificate
	for _, e := range istioEntrances(c) {
		tls := c.Spec.Ingress.TLS
		if tls == nil || tls.Issuer == "" {
			continue
		}
		certificate := &Certificate{
			TypeMeta:   metav1.TypeMeta{APIVersion: "cert-manager.io/v1", Kind: "Certificate"},
			ObjectMeta: istioMeta(c, e),
			Spec: CertificateSpec{
				SecretName: tlsSecret(e),
				IssuerRef:  IssuerRef{Group: "cert-manager.io", Kind: "ClusterIssuer", Name: tls.Issuer},
			},
		}
		for _, d := range domains(c, e) {
			certificate.Spec.DNSNames = append(certificate.Spec.DNSNames, "*."+d.name)
		}
		certificates = append(certificates, certificate)
	}
	return certificates
}
