package cron

import "time"

// Window is the times from a beginning to the next end, over and over. Neither of its
// schedules may be one that never fires.
type Window struct {
	Start, End Schedule
	Zone       *time.Location
}

// Span is a time from its first instant to before its last.
type Span struct{ From, To time.Time }

// What is looked at of schedules that repeat for ever. The calendar repeats after 28
// years, and a thousand times are more than a person has in mind who writes one.
const (
	calendarYears = 28
	mostSpans     = 1000
)

// Alternates says whether the window begins and ends in turn, by the clock. KEDA lets
// a window that begins twice hold from the last beginning before the end only, and
// one that ends twice until the last end, which nobody means.
func (w Window) Alternates() bool {
	open, known := false, false
	t, until := epoch, epoch.AddDate(calendarYears, 0, 0)
	if w.Weekly() {
		until = epoch.AddDate(0, 0, 14)
	}
	for range 2 * mostSpans {
		start, end := w.Start.next(t), w.End.next(t)
		if t = earlier(start, end); t.After(until) {
			return true
		}
		if t.Equal(end) {
			if known && !open {
				return false
			}
			open, known = false, true
		}
		if t.Equal(start) {
			if known && open {
				return false
			}
			open, known = true, true
		}
	}
	return true
}

// Overlap is the first time at which both windows hold, if there is one. Windows of
// one time zone are compared by the clock, without the hours that daylight saving
// skips or repeats.
func Overlap(a, b Window) (time.Time, bool) {
	if a.Weekly() && !b.Weekly() {
		a, b = b, a
	}
	sameZone := a.Zone.String() == b.Zone.String()
	from := time.Date(epoch.Year(), epoch.Month(), epoch.Day(), 0, 0, 0, 0, a.Zone)
	until := from.AddDate(calendarYears, 0, 0)
	switch {
	case a.Weekly() && sameZone:
		until = from.AddDate(0, 0, 14)
	case a.Weekly(): // and how the zones differ repeats every year
		until = from.AddDate(1, 0, 0)
	}
	if sameZone {
		zone := a.Zone
		a.Zone, b.Zone = time.UTC, time.UTC
		when, ok := overlap(a, b, epoch, epoch.Add(until.Sub(from)))
		return time.Date(when.Year(), when.Month(), when.Day(), when.Hour(), when.Minute(), 0, 0, zone), ok
	}
	return overlap(a, b, from, until)
}

// overlap looks at b within each time that a holds.
func overlap(a, b Window, from, until time.Time) (time.Time, bool) {
	for _, s := range a.spans(from, until, mostSpans) {
		if within := b.spans(s.From, s.To, 1); len(within) > 0 {
			return within[0].From.In(a.Zone), true
		}
	}
	return time.Time{}, false
}

// Weekly says whether the window holds at the same times every week.
func (w Window) Weekly() bool { return w.Start.weekly() && w.End.weekly() }

// spans are the first times that the window holds between two instants, up to a number
// of them, cut off at from and where the last is known to hold.
func (w Window) spans(from, until time.Time, most int) []Span {
	var out []Span
	for t := from.In(w.Zone); t.Before(until); {
		start, end := w.Start.next(t), w.End.next(t)
		if holds := !end.After(start); holds {
			if n := len(out); n > 0 && out[n-1].To.Equal(t) {
				out[n-1].To = end
			} else {
				out = append(out, Span{t, end})
			}
		} else if len(out) == most {
			return out
		}
		t = earlier(start, end)
	}
	return out
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
