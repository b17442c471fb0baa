package traffic

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// DNSEndpoint is the part of externaldns.k8s.io/v1alpha1 that we write; the CRD's
// schema checks it in the tests.
type DNSEndpoint struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              DNSEndpointSpec `json:"spec"`
}

// DNSEndpointSpec is a list of records.
type DNSEndpointSpec struct {
	Endpoints []DNSRecord `json:"endpoints"`
}

// DNSRecord is one record, or one of several of a name, which SetIdentifier tells
// apart.
type DNSRecord struct {
	DNSName          string        `json:"dnsName"`
	RecordType       string        `json:"recordType"`
	RecordTTL        int64         `json:"recordTTL"` // seconds
	SetIdentifier    string        `json:"setIdentifier,omitempty"`
	Targets          []string      `json:"targets"`
	ProviderSpecific []DNSProperty `json:"providerSpecific,omitempty"`
}

// DNSProperty is what Route 53 has beyond DNS (external-dns, "AWS", routing
// policies).
type DNSProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}
