// Package check holds a Fleet against itself: what one document grants, limits
// or offers against what others ask for. It takes a Fleet whose references hold,
// and gives findings, each at the line that asks.
//
// Rules about a single document are not here: those stand in cue/. These are
// the sums and comparisons that need several documents at once, and that would
// otherwise show up as pods that stay pending at night.
package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/mlfleet/mlfleet/generator/cron"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/zone"
)

// Fleet returns what is wrong with (errors) or worth saying about (warnings) a
// fleet, in no particular order.
func Fleet(f *fleet.Fleet) fleet.Findings {
	c := &checker{
		fleet: f, seen: map[string]bool{},
		zones: map[string]*time.Location{}, turns: map[cron.Window]bool{}, overlaps: map[[2]cron.Window]string{},
	}
	c.pools()
	c.pins()
	c.openEndpoints()
	c.windows()
	c.entrances()
	c.arns()
	c.healthChecks()
	c.domain()
	for _, t := range f.Tenants {
		c.grants(t)
		c.capacity(t)
		c.quota(t)
		c.exposure(t)
		c.secrets(t)
		c.storage(t)
		if t.Base != nil {
			c.dns(t)
		}
		for _, p := range t.Placements {
			c.limits(p)
			c.promises(p)
			c.scaling(p)
			c.canaries(p)
		}
	}
	c.hostnames()
	c.loadBalancers()
	return c.findings
}

type checker struct {
	fleet    *fleet.Fleet
	seen     map[string]bool
	findings fleet.Findings

	// What was asked about schedules already; nil and "" are answers too.
	database *zone.Database // nil until somebody names a time zone
	zones    map[string]*time.Location
	turns    map[cron.Window]bool
	overlaps map[[2]cron.Window]string
}

func (c *checker) refuse(at fleet.Origin, message, expected, fix string) {
	c.add(fleet.Error, at.Position, message, expected, fix)
}

func (c *checker) warn(at fleet.Position, message, expected, fix string) {
	c.add(fleet.Warning, at, message, expected, fix)
}

// add notes a finding once: a model that asks too much in eight clusters is one
// mistake.
func (c *checker) add(severity fleet.Severity, at fleet.Position, message, expected, fix string) {
	f := fleet.Finding{Position: at, Severity: severity, Message: message, Expected: expected, Fix: fix}
	if key := f.String(); !c.seen[key] {
		c.seen[key] = true
		c.findings = append(c.findings, f)
	}
}

// by tells who set a value, where that is not the file that a reader has open.
func by(o fleet.Origin, m *fleet.Model) string {
	if o.File == m.File {
		return ""
	}
	return fmt.Sprintf(", from the %s,", o.Layer)
}

// keys of a map in order, so that findings are the same in every run.
func keys[K cmp.Ordered, V any](m map[K]V) []K {
	out := make([]K, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
