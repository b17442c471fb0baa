package check

import (
	"fmt"
	"strconv"
	"time"

	"github.com/mlfleet/mlfleet/generator/cron"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/suggest"
	"github.com/mlfleet/mlfleet/generator/zone"
)

// schedules asks whether a model's schedules can ever begin, add anything to
// replicas, and agree with each other. Computed ones can and do, if there is such a
// time zone.
func (c *checker) schedules(p *fleet.Placement, m *fleet.Model) {
	list := m.Spec.Scaling.Schedules
	switch {
	case m.Plan != nil:
		c.timeZone(m.Origins.Origin("traffic", "timeZone"), m.Plan.TimeZone)
		return
	case len(list) == 0:
		return
	}
	at := func(path ...string) fleet.Origin {
		return m.Origins.Origin(append([]string{"scaling", "schedules"}, path...)...)
	}
	switch {
	case !p.ScaledByKEDA():
		c.refuse(at(), "schedules need KEDA, and cluster "+p.Cluster.Name+" scales by HPAs"+trailing(by(at(), m)), "",
			"override it there with scaling: {schedules: []}")
		return
	case m.Spec.Replicas.Fixed():
		c.refuse(at(), fmt.Sprintf("schedules change nothing, because replicas are %d always in cluster %s", m.Spec.Replicas.Min, p.Cluster.Name), "",
			"raise replicas.max, or override it there with scaling: {schedules: []}")
		return
	}
	var windows []*cron.Window
	for i, s := range list {
		windows = append(windows, c.schedule(m, s, func(field string) fleet.Origin { return at(strconv.Itoa(i), field) }))
		for j := range i {
			if windows[i] == nil || windows[j] == nil || agree(list[j].Min, windows[j], s.Min, windows[i]) {
				continue
			}
			if when := c.overlap(*windows[j], *windows[i]); when != "" {
				c.refuse(at(strconv.Itoa(i)), fmt.Sprintf("two schedules contradict: this one wants at least %d replicas, and the one at %s at least %d",
					s.Min, at(strconv.Itoa(j)).Position, list[j].Min),
					"both hold, for example, on "+when, "let one end where the other begins")
			}
		}
	}
}

// agree says whether two schedules may hold at once: where they want the same, and
// where one is of dates and wants more than what every week has, an exception.
func agree(a int32, when *cron.Window, b int32, other *cron.Window) bool {
	switch {
	case a > b:
		return !when.Weekly() && other.Weekly()
	case b > a:
		return !other.Weekly() && when.Weekly()
	}
	return true
}

// schedule checks one schedule and gives the times at which it holds, nil where it
// is wrong.
func (c *checker) schedule(m *fleet.Model, s fleet.Schedule, at func(field string) fleet.Origin) *cron.Window {
	replicas := m.Spec.Replicas
	within := s.Min > replicas.Min && s.Min <= replicas.Max
	if !within {
		c.refuse(at("min"), fmt.Sprintf("the schedule wants at least %d replicas", s.Min),
			fmt.Sprintf("more than replicas.min, %d, and at most replicas.max, %d%s", replicas.Min, replicas.Max, boundsFrom(m)), "change one of them")
	}
	zone := c.timeZone(at("timeZone"), s.TimeZone)
	text, endText := s.Cron()
	start, startOK := c.cron(at("start"), text)
	end, endOK := c.cron(at("end"), endText)
	if !within || zone == nil || !startOK || !endOK {
		return nil
	}
	w := &cron.Window{Start: start, End: end, Zone: zone}
	switch {
	case start == end:
		c.refuse(at("end"), "the schedule ends when it begins", "", "let it end later")
		return nil
	case !c.alternates(*w):
		c.refuse(at("end"), "the schedule does not begin and end in turn", "KEDA would let it hold from its last beginning before an end only",
			"write a schedule for each time that begins, or days, from and to")
		return nil
	}
	return w
}

// boundsFrom says where a model's most replicas are set, where that is not the model's
// own settings in all of its clusters.
func boundsFrom(m *fleet.Model) string {
	at := m.Origins.Origin("replicas", "max")
	if at.Layer == "model "+m.Name {
		return ""
	}
	return fmt.Sprintf(", from the %s at %s", at.Layer, at.Position)
}

// alternates says whether a window begins and ends in turn. A model in eight clusters
// is asked about once.
func (c *checker) alternates(w cron.Window) bool {
	found, ok := c.turns[w]
	if !ok {
		found = w.Alternates()
		c.turns[w] = found
	}
	return found
}

// overlap is a time at which two windows hold, "" where there is none; asked once,
// too.
func (c *checker) overlap(a, b cron.Window) string {
	when, ok := c.overlaps[[2]cron.Window{a, b}]
	if !ok {
		if at, both := cron.Overlap(a, b); both {
			when = at.Format("Mon 2 Jan 2006 15:04 MST")
		}
		c.overlaps[[2]cron.Window{a, b}] = when
	}
	return when
}

// timeZone is the zone of that name, nil (and reported) where there is none.
func (c *checker) timeZone(at fleet.Origin, name string) *time.Location {
	found, ok := c.zones[name]
	if !ok {
		if c.database == nil {
			c.database = zone.Open()
		}
		found = c.database.Load(name)
		c.zones[name] = found
	}
	if found == nil {
		c.refuse(at, fmt.Sprintf("there is no time zone %q", name), "a name of the IANA time zone database, such as Europe/Dublin or UTC",
			suggest.Fix(name, c.database.Names()))
	}
	return found
}

// cron reports a schedule that cannot be, or never fires.
func (c *checker) cron(at fleet.Origin, text string) (cron.Schedule, bool) {
	s, err := cron.Parse(text)
	if err != nil {
		c.refuse(at, fmt.Sprintf("the schedule %q is impossible: %v", text, err), "minute, hour, day of month, month and day of week", "")
		return s, false
	}
	if s.Never() {
		c.refuse(at, fmt.Sprintf("the schedule %q is impossible: no year has these days", text), "", "correct its day of month or its month")
		return s, false
	}
	return s, true
}
