package capacity

import (
	"maps"
	"slices"
	"time"
)

// sequence holds the times of a file against each other: one offset from UTC, and one
// interval, which is the one between most of them. What follows a wrong time is not
// held against it, and lines out of order are reported once, so that one mistake is one
// finding.
func (p *parser) sequence() {
	begin := slices.IndexFunc(p.rows, func(r row) bool { return r.known })
	if begin < 0 {
		return
	}
	first := p.rows[begin]
	p.interval = usual(p.rows)
	p.times = map[time.Time]int{}
	for _, r := range p.rows {
		if r.known {
			p.times[r.at.UTC()]++
		}
	}
	mixed := false
	for i := begin + 1; i < len(p.rows) && !p.full(); i++ {
		r, before := &p.rows[i], p.rows[i-1]
		p.line = r.line
		switch {
		case !r.known:
		case offset(*r) != offset(first):
			if !mixed {
				p.refuse(1, "the time zone is "+r.at.Format("-07:00")+", and "+first.at.Format("-07:00")+" before", "one for all times", "write all times in UTC")
			}
			mixed, r.known = true, false
		case before.known:
			r.known = p.follows(*r, before)
		}
	}
}

// usual is the interval between most of the times that follow each other, the shortest
// of equally many; 0 without any.
func usual(rows []row) time.Duration {
	count := map[time.Duration]int{}
	for i := 1; i < len(rows); i++ {
		if step := rows[i].at.Sub(rows[i-1].at); rows[i].known && rows[i-1].known && step > 0 {
			count[step]++
		}
	}
	most := time.Duration(0)
	for _, step := range slices.Sorted(maps.Keys(count)) {
		if count[step] > count[most] {
			most = step
		}
	}
	return most
}

// follows says whether a time is the next one after another.
func (p *parser) follows(r, before row) bool {
	step := r.at.Sub(before.at)
	last := before.at.Format(time.RFC3339)
	switch {
	case step <= 0:
		once := p.times[r.at.UTC()] == 1
		if !once || !p.disorder {
			p.refuse(1, r.when+" is not after "+last, "times in order, each once", "")
		}
		p.disorder = p.disorder || once
	case step == p.interval && (step > time.Hour || time.Hour%step != 0):
		p.lost = true
		p.refuse(1, "an interval is "+step.String(), "one that divides an hour, such as 5m or 1h", "")
	case step < p.interval:
		p.refuse(1, r.when+" is "+step.String()+" after "+last, "a line every "+p.interval.String(), "correct it, or measure again")
	case step > p.interval && p.times[before.at.Add(p.interval).UTC()] > 0:
		return true // no gap: what lacks stands elsewhere, where it is not after the line before
	case step > p.interval:
		p.refuse(1, "a gap: nothing between "+last+" and "+r.when, "a line every "+p.interval.String(), "measure again, or begin the file after the gap")
	default:
		return true
	}
	return false
}

// offset is that of a row's time from UTC, in seconds to the east.
func offset(r row) int {
	_, seconds := r.at.Zone()
	return seconds
}
