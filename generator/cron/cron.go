package cron

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Schedule is a parsed schedule: for each field the values that match, as bits.
type Schedule struct {
	minutes, hours, days, months, weekdays uint64
	// anyDay and anyWeekday say that the field is a star. A day matches when both
	// fields do, or, where neither is a star, when one of them does.
	anyDay, anyWeekday bool
}

// bounds of a field, and the names that it knows.
type bounds struct {
	name       string
	least      int
	most       int
	words      []string
	wordsStart int
}

var fields = []bounds{
	{name: "minute", least: 0, most: 59},
	{name: "hour", least: 0, most: 23},
	{name: "day of month", least: 1, most: 31},
	{name: "month", least: 1, most: 12, wordsStart: 1, words: []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{name: "day of week", least: 0, most: 6, words: []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
}

// Parse reads a schedule such as "0 8 * * 1-5".
func Parse(text string) (Schedule, error) {
	parts := strings.Fields(text)
	if len(parts) != len(fields) {
		return Schedule{}, fmt.Errorf("%d fields instead of %d", len(parts), len(fields))
	}
	var bits [5]uint64
	for i, part := range parts {
		for _, item := range strings.Split(part, ",") {
			b, err := fields[i].parse(item)
			if err != nil {
				return Schedule{}, err
			}
			bits[i] |= b
		}
	}
	return Schedule{
		minutes: bits[0], hours: bits[1], days: bits[2], months: bits[3], weekdays: bits[4],
		anyDay: star(parts[2]), anyWeekday: star(parts[4]),
	}, nil
}

// star says whether a field has an item that is a bare star. A star with a step is
// a choice like any other.
func star(part string) bool {
	for _, item := range strings.Split(part, ",") {
		if item == "*" || item == "*/1" {
			return true
		}
	}
	return false
}

// parse reads one item of a field: *, 5, 1-5, or either with a step.
func (b bounds) parse(item string) (uint64, error) {
	span, step, stepped := strings.Cut(item, "/")
	from, to := b.least, b.most
	every := 1
	var err error
	if stepped {
		if every, err = strconv.Atoi(step); err != nil || every < 1 {
			return 0, fmt.Errorf("%s has the step %q", b.name, step)
		}
	}
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		if from, err = b.value(first); err != nil {
			return 0, err
		}
		switch {
		case ranged:
			if to, err = b.value(last); err != nil {
				return 0, err
			}
		case !stepped:
			to = from
		}
	}
	if from > to {
		return 0, fmt.Errorf("%s goes from %d to %d", b.name, from, to)
	}
	var bits uint64
	for v := from; v <= to; v += every {
		bits |= 1 << v
	}
	return bits, nil
}

func (b bounds) value(text string) (int, error) {
	for i, word := range b.words {
		if strings.EqualFold(word, text) {
			return i + b.wordsStart, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < b.least || n > b.most {
		return 0, fmt.Errorf("%s is %q", b.name, text)
	}
	return n, nil
}

// Never says whether the schedule names days that no year has, such as 31 February.
func (s Schedule) Never() bool {
	if !s.anyDay && !s.anyWeekday {
		return false // the day of the week does
	}
	longest := [...]int{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	for month, days := range longest {
		if s.months&(1<<(month+1)) == 0 {
			continue
		}
		for day := 1; day <= days; day++ {
			if s.days&(1<<day) != 0 {
				return false
			}
		}
	}
	return true
}

// Between lists when the schedule fires from one time to before another, in the
// time zone of from. An hour that daylight saving skips is moved as package time
// moves it.
func (s Schedule) Between(from, to time.Time) []time.Time {
	var out []time.Time
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		if !s.on(day) {
			continue
		}
		for hour := range 24 {
			if s.hours&(1<<hour) == 0 {
				continue
			}
			for minute := range 60 {
				if s.minutes&(1<<minute) != 0 {
					out = append(out, time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, day.Location()))
				}
			}
		}
	}
	return out
}

// on says whether the schedule fires on a day.
func (s Schedule) on(day time.Time) bool {
	if s.months&(1<<int(day.Month())) == 0 {
		return false
	}
	byDate, byWeekday := s.days&(1<<day.Day()) != 0, s.weekdays&(1<<int(day.Weekday())) != 0
	if s.anyDay || s.anyWeekday {
		return byDate && byWeekday
	}
	return byDate || byWeekday
}
