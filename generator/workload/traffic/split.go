package traffic

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
)

// split is where requests go that have certain headers.
type split struct {
	headers  []header // none = all requests
	backends []backend
}

// header is one that a request must have, with exactly this value.
type header struct{ name, value string }

// backend is a Service, by the name of its server, and its percentage of the
// requests.
type backend struct {
	service string
	weight  int32
}

// splits are a model's, the most particular first: requests that ask for the
// canary, then all others by weight. Those that must come through CloudFront show
// it in each of them.
func splits(p *fleet.Placement, m *fleet.Model) []split {
	var proof []header
	if cf := p.Cluster.Spec.Ingress.CloudFrontAt(m.Spec.Expose.Entrance()); cf != nil {
		proof = []header{{cf.Header, cf.Value}}
	}
	all := split{headers: proof, backends: byWeight(m)}
	c := m.Spec.Canary
	if c == nil || c.Header == "" {
		return []split{all}
	}
	asked := split{
		headers:  slices.Concat(proof, []header{{c.Header, c.Version}}),
		backends: []backend{{m.AsCanary().Name, 100}},
	}
	return []split{asked, all}
}

// byWeight leaves out who gets nothing: routes with a weight of zero mean different
// things to different gateways.
func byWeight(m *fleet.Model) []backend {
	canary := m.AsCanary()
	if canary == nil {
		return []backend{{m.Name, 100}}
	}
	var backends []backend
	for _, b := range []backend{{m.Name, 100 - m.Spec.Canary.Weight}, {canary.Name, m.Spec.Canary.Weight}} {
		if b.weight > 0 {
			backends = append(backends, b)
		}
	}
	return backends
}

// path is one that clients may ask for.
type path struct {
	value  string
	prefix bool // everything below it too
}

// paths are those of a model's predictions and of nothing else: not the repository
// extension, by which servers load and unload models.
func paths(m *fleet.Model) []path {
	return []path{{contract.ModelsPath + m.Name, true}, {contract.PredictPath, false}}
}

// hostnames are the DNS names of a model in a cluster.
func hostnames(p *fleet.Placement, m *fleet.Model) []string {
	names := []string{p.Hostname(m)}
	if global := p.GlobalHostname(m); global != "" {
		names = append(names, global)
	}
	return names
}

// routed says whether requests from outside of the cluster reach the model by a
// route of its own. A canary has none: it is part of its model's.
func routed(p *fleet.Placement, m *fleet.Model) bool {
	return p.Cluster != nil && m.Spec.Expose != nil && m.CanaryOf == ""
}
