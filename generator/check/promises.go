package check

import (
	"fmt"
	"strconv"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// leastPaged is the availability, in percent, below which 14.4 times the error budget is
// more than all requests, so that the fastest of the alerts on it cannot fire.
const leastPaged = 93.06

// promises warns of a promise that one of the alerts on it cannot guard.
func (c *checker) promises(p *fleet.Placement) {
	for _, m := range p.Models {
		promised, err := strconv.ParseFloat(m.Spec.SLO.Availability, 64)
		if err != nil || promised >= leastPaged {
			continue
		}
		at := m.Origins.Origin("slo", "availability")
		c.warn(at.Position, fmt.Sprintf("with slo.availability %s%s the alert on the fastest loss of it cannot fire", m.Spec.SLO.Availability, by(at, m)),
			fmt.Sprintf("at least %v", leastPaged), "promise more, or rely on the three slower alerts")
	}
}
