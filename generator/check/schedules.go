package check

import (
	"fmt"
	"slices"
	"strconv"
	"time"
	_ "time/tzdata" // the same time zones on every machine, also on one that has none

	"github.com/mlfleet/mlfleet/generator/cron"
	"github.com/mlfleet/mlfleet/generator/fleet"
)

// schedules asks whether a model's schedules can ever begin, add anything to
// replicas, and agree with each other.
func (c *checker) schedules(p *fleet.Placement, m *fleet.Model) {
	list := m.Spec.Scaling.Schedules
	if len(list) == 0 {
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
	var spans [][]span
	for i, s := range list {
		spans = append(spans, c.schedule(m, s, func(field string) fleet.Origin { return at(strconv.Itoa(i), field) }))
		for j := range i {
			if list[j].Min == s.Min {
				continue
			}
			if when, both := overlap(spans[j], spans[i]); both {
				c.refuse(at(strconv.Itoa(i)), fmt.Sprintf("two schedules contradict: this one wants at least %d replicas, and the one at %s at least %d",
					s.Min, at(strconv.Itoa(j)).Position, list[j].Min),
					"both hold on "+when.Format("Mon 15:04 MST"), "let one end where the other begins")
			}
		}
	}
}

// schedule checks one schedule and gives the times at which it holds, nil where it
// is wrong.
func (c *checker) schedule(m *fleet.Model, s fleet.Schedule, at func(field string) fleet.Origin) []span {
	replicas := m.Spec.Replicas
	if s.Min <= replicas.Min || s.Min > replicas.Max {
		c.refuse(at("min"), fmt.Sprintf("the schedule wants at least %d replicas", s.Min),
			fmt.Sprintf("more than replicas.min, %d, and at most replicas.max, %d", replicas.Min, replicas.Max), "change one of them")
	}
	zone := c.timeZone(at("timeZone"), s.TimeZone)
	text, endText := s.Cron()
	start, startOK := c.cron(at("start"), text)
	end, endOK := c.cron(at("end"), endText)
	if zone == nil || !startOK || !endOK {
		return nil
	}
	if text == endText {
		c.refuse(at("end"), "the schedule ends when it begins", "", "let it end later")
		return nil
	}
	return holds(start, end, zone)
}

// timeZone is the zone of that name, nil (and reported) where there is none.
func (c *checker) timeZone(at fleet.Origin, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		c.refuse(at, fmt.Sprintf("there is no time zone %q", name), "a name of the IANA time zone database, such as Europe/Dublin or UTC", "")
		return nil
	}
	return zone
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

// span is a time from its first instant to before its last.
type span struct{ from, to time.Time }

// The years in which schedules are compared: one with a 29 February, and the next for
// what goes over its end.
const comparedFrom, comparedYears = 2028, 2

// holds lists when a schedule holds, as KEDA decides it: from a start to the next end.
func holds(start, end cron.Schedule, zone *time.Location) []span {
	from := time.Date(comparedFrom, time.January, 1, 0, 0, 0, 0, zone)
	ends := end.Between(from, from.AddDate(comparedYears, 0, 0))
	var out []span
	for _, begins := range start.Between(from, from.AddDate(comparedYears, 0, 0)) {
		if n := len(out); n > 0 && begins.Before(out[n-1].to) {
			continue // it holds already
		}
		i, _ := slices.BinarySearchFunc(ends, begins, func(e, b time.Time) int { return e.Compare(b) })
		for i < len(ends) && !ends[i].After(begins) {
			i++
		}
		if i < len(ends) {
			out = append(out, span{begins, ends[i]})
		}
	}
	return out
}

// overlap is the first time that two schedules both hold.
func overlap(a, b []span) (time.Time, bool) {
	for i, j := 0, 0; i < len(a) && j < len(b); {
		if a[i].from.Before(b[j].to) && b[j].from.Before(a[i].to) {
			if a[i].from.After(b[j].from) {
				return a[i].from, true
			}
			return b[j].from, true
		}
		if a[i].to.Before(b[j].to) {
			i++
		} else {
			j++
		}
	}
	return time.Time{}, false
}
