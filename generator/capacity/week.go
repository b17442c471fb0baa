package capacity

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// HoursOfWeek is how many hours a week has.
const HoursOfWeek = 7 * 24

// Week is requests per second by hour of the week, from Sunday 0:00.
type Week [HoursOfWeek]float64

// peak and quiet are the hours with most and fewest requests, the first of each.
func (w Week) peak() (hour int) {
	for h, v := range w {
		if v > w[hour] {
			hour = h
		}
	}
	return hour
}

func (w Week) quiet() (hour int) {
	for h, v := range w {
		if v < w[hour] {
			hour = h
		}
	}
	return hour
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// hourName is an hour of the week for people.
func hourName(hour int) string { return fmt.Sprintf("%s %02d:00", weekdays[hour/24], hour%24) }

// Conflict is two entries of a profile that say different things of one hour.
type Conflict struct {
	First, Second int // entries, from 0
	Hour          string
}

// FromProfile fills a week in as it was declared.
func FromProfile(t *fleet.TrafficProfile) (Week, *Conflict) {
	var week Week
	var by [HoursOfWeek]int // the entry that named an hour, from 1
	for h := range week {
		week[h] = t.Otherwise
	}
	for i, entry := range t.Profile {
		first, last := hours(entry.Hours)
		for _, day := range fleet.Weekdays(entry.Days) {
			for h := first; h < last; h++ {
				at := (day*24 + h) % HoursOfWeek
				if by[at] != 0 && week[at] != entry.RequestsPerSecond {
					return week, &Conflict{First: by[at] - 1, Second: i, Hour: hourName(at)}
				}
				week[at], by[at] = entry.RequestsPerSecond, i+1
			}
		}
	}
	return week, nil
}

// hours reads "9-17": from 9:00 to before 17:00, or over midnight.
func hours(text string) (first, last int) {
	a, b, _ := strings.Cut(text, "-")
	first, _ = strconv.Atoi(a) // the schema let nothing else through
	last, _ = strconv.Atoi(b)
	if last <= first {
		last += 24
	}
	return first, last
}

// dayNames writes days of the week, "" for all of them.
func dayNames(days []int) string {
	if len(days) == len(weekdays) {
		return ""
	}
	var names []string
	for _, day := range slices.Sorted(slices.Values(days)) {
		names = append(names, weekdays[day])
	}
	return strings.Join(names, ",")
}

// clockTime is minutes of a day as hh:mm.
func clockTime(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
