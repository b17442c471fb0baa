package traffic

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// recordTTL is how long, in seconds, resolvers keep sending clients to a region that
// has failed: the 60 that Route 53's documentation advises for health-checked records.
const recordTTL = 60

// DNSRecords give an exposed model its names: one in its cluster, and for a public
// model one that leads to any of its regions, of which each cluster has the part
// that leads to itself. Both point at the cluster's load balancer, or at the
// CloudFront distribution in front of it.
func DNSRecords(p *fleet.Placement, m *fleet.Model) *DNSEndpoint {
	if !routed(p, m) {
		return nil
	}
	records := []DNSRecord{record(p, m, p.Hostname(m))}
	if name := p.GlobalHostname(m); name != "" {
		if shared, ok := regionRecord(p, m, name); ok {
			records = append(records, shared)
		}
	}
	return &DNSEndpoint{
		TypeMeta:   metav1.TypeMeta{APIVersion: "externaldns.k8s.io/v1alpha1", Kind: "DNSEndpoint"},
		ObjectMeta: object.ModelMeta(p, m),
		Spec:       DNSEndpointSpec{Endpoints: records},
	}
}

func record(p *fleet.Placement, m *fleet.Model, name string) DNSRecord {
	ingress, entrance := p.Cluster.Spec.Ingress, m.Spec.Expose.Entrance()
	r := DNSRecord{
		DNSName:    name,
		RecordType: "CNAME",
		RecordTTL:  recordTTL,
		Targets:    []string{ingress.Address(entrance)},
	}
	if cf := ingress.CloudFrontAt(entrance); cf != nil {
		r.Targets = []string{cf.Domain}
		// external-dns would make an address record of it, as of all names of AWS's that it
		// knows, and Route 53 takes none beside the CNAMEs that other regions have.
		r.ProviderSpecific = []DNSProperty{{"alias", "false"}}
	}
	return r
}

// regionRecord is the cluster's part of a name that leads to several regions. False
// where the policy does not send anybody to its region.
func regionRecord(p *fleet.Placement, m *fleet.Model, name string) (DNSRecord, bool) {
	policy, ok := routingPolicy(m.Spec.Expose.Routes(), p.Cluster.Region)
	if !ok {
		return DNSRecord{}, false
	}
	r := record(p, m, name)
	r.SetIdentifier = p.Cluster.Name
	r.ProviderSpecific = append(r.ProviderSpecific, policy)
	if id := p.Cluster.Spec.Ingress.Public.HealthCheck; id != "" {
		r.ProviderSpecific = append(r.ProviderSpecific, DNSProperty{"aws/health-check-id", id})
	}
	return r, true
}

// routingPolicy is what a region's record says of when it is to be chosen.
func routingPolicy(d fleet.DNS, r *fleet.Region) (DNSProperty, bool) {
	switch {
	case d.Policy == fleet.Latency:
		return DNSProperty{"aws/region", r.Cloud}, true
	case d.Policy == fleet.Weighted:
		return DNSProperty{"aws/weight", strconv.FormatInt(d.Weights[r.Name], 10)}, true
	case r.Name == d.Primary:
		return DNSProperty{"aws/failover", "PRIMARY"}, true
	case r.Name == d.Secondary:
		return DNSProperty{"aws/failover", "SECONDARY"}, true
	}
	return DNSProperty{}, false
}
