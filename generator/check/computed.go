package check

import (
	"fmt"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// computed says whether a value of a model was computed from its traffic: then nobody
// wrote the number, and a finding that asks for another one cannot be followed.
func computed(at fleet.Origin) bool { return strings.HasPrefix(at.Layer, fleet.TrafficLayer) }

// correction is how other numbers come out of a model's traffic.
func correction(t *fleet.Tenant, m *fleet.Model) string {
	requests := "the requests per second"
	if m.Plan.Measurements != "" {
		requests = fmt.Sprintf("tenants/%s/traffic/%s.csv", t.Name, m.Plan.Measurements)
	}
	return "correct throughputPerReplica or " + requests
}

// tooManyComputed refuses replicas that a model's traffic asks for, at that traffic.
func (c *checker) tooManyComputed(p *fleet.Placement, m *fleet.Model, at fleet.Origin, limit int) {
	instead := "replicas.max" // which keeps the plan as long as its schedules fit
	if int(m.Plan.Scheduled) > limit {
		instead = "replicas.min and max"
	}
	c.refuse(at, fmt.Sprintf("the traffic of model %s asks for up to %d replicas%s: %s", m.Name, m.Spec.Replicas.Max, trailing(by(at, m)), m.Plan.Reason()),
		fmt.Sprintf("at most %d in environment %s", limit, p.Cluster.Environment.Name),
		correction(p.Tenant, m)+", or override "+instead+" for that environment")
}
