package cases

import (
	"fmt"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/e2e/fleet"
	"github.com/mlfleet/mlfleet/e2e/world"
)

// surroundings are those around a cluster's models that the inputs speak of: regions/ of
// the cluster, and tenants/ of what each tenant may reach besides.
type surroundings struct {
	Identity string
	Ingress  struct {
		Namespace string
		CIDRs     []string
	}
	Observability struct {
		Namespace string
		Traces    *struct{ Namespace string } // whose collector listens at OTLP's port
	}
	Endpoints struct {
		ObjectStore  []string
		STS          []string
		NodeLocalDNS string
	}
	ObjectStore *struct{ Namespace string } // a store in the cluster, which listens at MinIO's port
	granted     map[string][]grant          // by tenant; of all tenants
}

// grant is a way out that a tenant was given.
type grant struct {
	Name  string
	CIDRs []string
	Port  int
}

func surroundingsOf(c *world.Cluster) (*surroundings, error) {
	d, err := the.Fleet.Read("regions/" + c.Inputs.Region + ".yaml")
	if err != nil {
		return nil, err
	}
	var s *surroundings
	for _, cluster := range d.At("spec")["clusters"].([]any) {
		if cluster := fleet.Document(cluster.(map[string]any)); cluster["name"] == c.Name {
			s = &surroundings{granted: map[string][]grant{}}
			if err := decode(cluster, s); err != nil {
				return nil, err
			}
		}
	}
	if s == nil {
		return nil, fmt.Errorf("regions/%s.yaml has no cluster %s", c.Inputs.Region, c.Name)
	}
	files, err := filepath.Glob(filepath.Join(the.Fleet.Dir, "tenants/*/tenant.yaml"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		tenant, err := the.Fleet.Read(filepath.Join("tenants", name, "tenant.yaml"))
		if err != nil {
			return nil, err
		}
		var allow struct{ Egress []grant }
		if err := decode(tenant.At("spec", "allow"), &allow); err != nil {
			return nil, err
		}
		s.granted[name] = allow.Egress
	}
	return s, nil
}

// exposed says whether a model's file opens it to the gateway; a canary is open with it.
func exposed(tenant, model string) (bool, error) {
	d, err := the.Fleet.Read(filepath.Join("tenants", tenant, "models", strings.TrimSuffix(model, "-canary")+".yaml"))
	if err != nil {
		return false, err
	}
	return d.At("spec")["expose"] != nil, nil
}

func decode(d fleet.Document, into any) error {
	content, err := yaml.Marshal(d)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, into)
}

// pod is a pod of somebody else's.
func pod(namespace string, labels map[string]string) peer {
	return peer{
		Namespace: namespace, NamespaceLabels: map[string]string{"kubernetes.io/metadata.name": namespace},
		PodLabels: labels, IP: "100.64.0.1", name: "a pod in " + namespace,
	}
}

func outside(address string) peer { return peer{IP: address, name: address} }

// into are connections to a model: requests come from the gateway alone, and only to
// models that are exposed; Prometheus reads metrics; nobody else gets in.
func (s *surroundings) into(m peer) []connection {
	var all []connection
	try := func(from peer, port int, name string, allowed bool) {
		all = append(all, connection{
			From: from, To: m, Port: port, PortName: name, Protocol: corev1.ProtocolTCP,
			allowed: allowed, why: "from " + from.name + " to " + m.name,
		})
	}
	gateways := []peer{}
	if s.Ingress.Namespace != "" {
		gateways = append(gateways, pod(s.Ingress.Namespace, nil))
	}
	for _, cidr := range s.Ingress.CIDRs {
		gateways = append(gateways, outside(firstOf(cidr)))
	}
	prometheus := pod(s.Observability.Namespace, map[string]string{"app.kubernetes.io/name": "prometheus"})
	strangers := []peer{
		pod("default", nil), pod("kube-system", nil), outside("8.8.8.8"),
		pod(s.Observability.Namespace, map[string]string{"app.kubernetes.io/name": "grafana"}),
		pod("elsewhere", map[string]string{"app.kubernetes.io/name": "prometheus"}),
	}
	for _, p := range ports {
		request := p.name != "metrics"
		for _, g := range gateways {
			try(g, p.number, p.name, request && m.exposed)
		}
		try(prometheus, p.number, p.name, !request)
		for _, stranger := range strangers {
			try(stranger, p.number, p.name, false)
		}
	}
	return all
}

// outOf are connections from a model: to the cluster's DNS, the object store, the
// collector of traces, the place that gives it credentials, and what its own tenant was
// granted.
func (s *surroundings) outOf(m peer) []connection {
	var all []connection
	try := func(to peer, port int, protocol corev1.Protocol, allowed bool) {
		all = append(all, connection{
			From: m, To: to, Port: port, Protocol: protocol, allowed: allowed, why: "from " + m.name + " to " + to.name,
		})
	}
	dns := pod("kube-system", map[string]string{"k8s-app": "kube-dns"})
	for _, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolTCP} {
		try(dns, 53, protocol, true)
		try(pod("kube-system", nil), 53, protocol, false)
		try(outside("8.8.8.8"), 53, protocol, false)
		if s.Endpoints.NodeLocalDNS != "" {
			try(outside(s.Endpoints.NodeLocalDNS[:len(s.Endpoints.NodeLocalDNS)-len("/32")]), 53, protocol, true)
		}
	}
	tcp := corev1.ProtocolTCP
	for _, cidr := range s.Endpoints.ObjectStore {
		try(outside(firstOf(cidr)), 443, tcp, true)
		try(outside(firstOf(cidr)), 22, tcp, false)
	}
	if s.ObjectStore != nil {
		try(pod(s.ObjectStore.Namespace, nil), 9000, tcp, true)
		try(pod(s.ObjectStore.Namespace, nil), 22, tcp, false)
	}
	try(pod("elsewhere", nil), 4317, tcp, false)
	if traces := s.Observability.Traces; traces != nil {
		try(pod(traces.Namespace, nil), 4317, tcp, true)
		try(pod(traces.Namespace, nil), 22, tcp, false)
	}
	for _, cidr := range s.Endpoints.STS {
		try(outside(firstOf(cidr)), 443, tcp, s.Identity == "irsa")
	}
	try(outside("169.254.170.23"), 80, tcp, s.Identity == "pod-identity") // EKS user guide, "Pod Identity Agent"
	try(outside("169.254.169.254"), 80, tcp, false)                       // the node's own credentials
	try(outside("8.8.8.8"), 443, tcp, false)
	try(pod("default", nil), 443, tcp, false) // where the Kubernetes API is
	for tenant, grants := range s.granted {
		for _, g := range grants {
			for _, cidr := range g.CIDRs {
				try(outside(firstOf(cidr)), g.Port, tcp, tenant == m.tenant)
				try(outside(firstOf(cidr)), g.Port+1, tcp, false)
			}
		}
	}
	return all
}
