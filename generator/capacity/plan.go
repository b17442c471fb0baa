package capacity

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// mostSchedules is how many a person still reads; with more, levels are made coarser.
const mostSchedules = 12

// Plan computes replicas for a week of requests. floor is the fewest replicas that
// whoever is above the model wants; lead is how long a replica takes to start, and
// counts for up to an hour. timeZone is that of the week's hours.
func Plan(week Week, t fleet.TrafficProfile, timeZone string, floor int32, lead time.Duration) *fleet.CapacityPlan {
	peak, quiet := week.peak(), week.quiet()
	p := &fleet.CapacityPlan{
		TrafficProfile: t,
		Peak:           week[peak], PeakHour: hourName(peak),
		Quiet: week[quiet], QuietHour: hourName(quiet),
		Needed: needed(week[peak], t),
	}
	p.TimeZone = timeZone
	p.Lead.Duration = min(lead.Truncate(time.Minute), time.Hour)
	p.Scheduled = max(withHeadroom(p.Needed, fleet.ScheduledHeadroom), floor)

	var levels [HoursOfWeek]int32
	for h, rate := range week {
		levels[h] = max(withHeadroom(needed(rate, t), fleet.ScheduledHeadroom), floor)
	}
	p.Replicas.Min, p.Schedules = readable(levels, p.Lead.Duration, timeZone)
	p.Levels = between(p, week, levels)
	// At least one more than the fewest, so that there is something to scale.
	p.Replicas.Max = max(withHeadroom(p.Needed, fleet.MaximumHeadroom), p.Scheduled, p.Replicas.Min+1)
	return p
}

// readable finds schedules that a person still reads, and the fewest replicas: of the
// levels as they are, and of fewer of them only where those would be too many.
func readable(levels [HoursOfWeek]int32, lead time.Duration, timeZone string) (least int32, found []fleet.Schedule) {
	try := func(levels [HoursOfWeek]int32) bool {
		var times []segment
		least, times = segments(levels, lead)
		found = schedules(times, timeZone)
		return len(found) <= mostSchedules
	}
	if try(levels) {
		return least, found
	}
	for steps := int32(mostSchedules); steps > 0; steps-- {
		if try(coarse(levels, steps)) {
			return least, found
		}
	}
	try(daily(coarse(levels, 1)))
	return least, found
}

// between are the levels of a plan's schedules, and of its fewest replicas, that
// neither its peak nor its quietest hour explains: each with the busiest hour that
// asks for it, most first.
func between(p *fleet.CapacityPlan, week Week, levels [HoursOfWeek]int32) []fleet.CapacityLevel {
	used := []int32{p.Replicas.Min}
	for _, s := range p.Schedules {
		used = append(used, s.Min)
	}
	slices.Sort(used)
	var out []fleet.CapacityLevel
	for _, level := range slices.Backward(slices.Compact(used)) {
		if level == p.Scheduled || level == levels[week.quiet()] {
			continue
		}
		busiest := -1
		for h, rate := range week {
			if levels[h] == level && (busiest < 0 || rate > week[busiest]) {
				busiest = h
			}
		}
		out = append(out, fleet.CapacityLevel{
			RequestsPerSecond: week[busiest], Hour: hourName(busiest),
			Needed: needed(week[busiest], p.TrafficProfile), Replicas: level,
		})
	}
	return out
}

// needed is how many replicas serve a rate at the utilisation aimed at. A share of a
// millionth is not a replica, but how a computer divides; and a million replicas are
// as wrong as more of them.
func needed(rate float64, t fleet.TrafficProfile) int32 {
	replicas := math.Ceil(rate/(t.ThroughputPerReplica*float64(t.Utilization)/100) - 1e-6)
	return int32(min(replicas, 1e6))
}

// withHeadroom adds percent, rounded up.
func withHeadroom(replicas int32, percent int32) int32 {
	return (replicas*(100+percent) + 99) / 100
}

// coarse divides the range of levels into equal steps, and rounds each level up to the
// highest that its step has: every level is still one that some hour asks for.
func coarse(levels [HoursOfWeek]int32, steps int32) [HoursOfWeek]int32 {
	least, most := slices.Min(levels[:]), slices.Max(levels[:])
	step := func(level int32) int32 { return ((level-least)*steps + most - least - 1) / max(most-least, 1) }
	top := map[int32]int32{}
	for _, level := range levels {
		top[step(level)] = max(top[step(level)], level)
	}
	for h, level := range levels {
		levels[h] = top[step(level)]
	}
	return levels
}

// daily holds the highest level from the first to the last hour of a day that is
// above the lowest.
func daily(levels [HoursOfWeek]int32) [HoursOfWeek]int32 {
	least, most := slices.Min(levels[:]), slices.Max(levels[:])
	for day := range 7 {
		hours := levels[day*24 : day*24+24]
		above := func(level int32) bool { return level > least }
		first := slices.IndexFunc(hours, above)
		if first < 0 {
			continue
		}
		last := 23
		for !above(hours[last]) {
			last--
		}
		for h := first; h <= last; h++ {
			hours[h] = most
		}
	}
	return levels
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)

// segment is a time of the week, in minutes, in which more replicas are wanted than
// the fewest.
type segment struct {
	from, length int
	level        int32
}

// segments turns levels into times: more replicas are there by lead before they are
// needed. It also gives the fewest replicas.
func segments(levels [HoursOfWeek]int32, lead time.Duration) (least int32, found []segment) {
	early := int(lead / time.Minute)
	minutes := make([]int32, minutesOfWeek)
	for m := range minutes {
		minutes[m] = max(levels[m/60], levels[(m+early)%minutesOfWeek/60])
	}
	least = slices.Min(minutes)
	start := slices.Index(minutes, least)
	for i := 0; i < minutesOfWeek; {
		from := (start + i) % minutesOfWeek
		n := 1
		for i+n < minutesOfWeek && minutes[(from+n)%minutesOfWeek] == minutes[from] {
			n++
		}
		if minutes[from] > least {
			found = append(found, segment{from, n, minutes[from]})
		}
		i += n
	}
	return least, found
}

// schedules writes segments as schedules, like ones of several days as one. A
// schedule lasts a day at the most, so a longer segment becomes several.
func schedules(found []segment, timeZone string) []fleet.Schedule {
	var parts []segment
	for _, s := range found {
		for ; s.length > minutesOfDay; s.length -= minutesOfDay {
			parts = append(parts, segment{s.from, minutesOfDay, s.level})
			s.from = (s.from + minutesOfDay) % minutesOfWeek
		}
		parts = append(parts, s)
	}
	type clock struct {
		from, length int
		level        int32
	}
	days := map[clock][]int{}
	var clocks []clock
	for _, s := range parts {
		c := clock{s.from % minutesOfDay, s.length, s.level}
		if days[c] == nil {
			clocks = append(clocks, c)
		}
		days[c] = append(days[c], s.from/minutesOfDay)
	}
	slices.SortFunc(clocks, func(a, b clock) int {
		return cmp.Or(cmp.Compare(slices.Min(days[a]), slices.Min(days[b])), cmp.Compare(a.from, b.from), cmp.Compare(a.length, b.length), cmp.Compare(a.level, b.level))
	})
	var out []fleet.Schedule
	for _, c := range clocks {
		out = append(out, fleet.Schedule{
			Days: dayNames(days[c]), From: clockTime(c.from), To: clockTime((c.from + c.length) % minutesOfDay),
			TimeZone: timeZone, Min: c.level,
		})
	}
	return out
}
