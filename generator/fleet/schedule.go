package fleet

import (
	"slices"
	"strconv"
	"strings"
)

// Schedule is a time at which more replicas are wanted: Days, From and To, or the
// cron schedules Start and End.
type Schedule struct {
	Days  string `json:"days,omitempty"` // mon-fri; empty = every day
	From  string `json:"from,omitempty"` // 07:30
	To    string `json:"to,omitempty"`   // 19:00
	Start string `json:"start,omitempty"`
	End   string `json:"end,omitempty"`
	// TimeZone is an IANA name: Europe/Dublin.
	TimeZone string `json:"timeZone"`
	// Min is the fewest replicas meanwhile.
	Min int32 `json:"min"`
}

// Cron is when the schedule begins and ends, as cron schedules of five fields.
func (s Schedule) Cron() (start, end string) {
	if s.Start != "" {
		return s.Start, s.End
	}
	days := Weekdays(s.Days)
	ends := days
	if s.To <= s.From { // as text: both are hh:mm
		ends = make([]int, len(days))
		for i, day := range days {
			ends[i] = (day + 1) % len(weekdays)
		}
	}
	return cronAt(s.From, days), cronAt(s.To, ends)
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Weekdays are the days of a list such as "mon-wed,sat" as cron counts them, Sunday
// being 0, sorted; all of them for an empty one. A range may go over the week's end.
func Weekdays(list string) []int {
	var days []int
	if list == "" {
		list = "sun-sat"
	}
	for _, item := range strings.Split(list, ",") {
		first, last, ranged := strings.Cut(item, "-")
		if !ranged {
			last = first
		}
		day, end := slices.Index(weekdays, first), slices.Index(weekdays, last)
		for day != end {
			days = append(days, day)
			day = (day + 1) % len(weekdays)
		}
		days = append(days, end)
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// cronAt is a time of day (hh:mm) on days of the week.
func cronAt(clock string, days []int) string {
	hour, minute, _ := strings.Cut(clock, ":")
	return plain(minute) + " " + plain(hour) + " * * " + cronDays(days)
}

// plain is a number without leading zeros.
func plain(digits string) string {
	n, _ := strconv.Atoi(digits) // the schema let nothing but digits through
	return strconv.Itoa(n)
}

// cronDays writes days of the week as a cron field, runs of them as ranges.
func cronDays(days []int) string {
	days = slices.Clone(days)
	slices.Sort(days)
	if len(days) == len(weekdays) {
		return "*"
	}
	var items []string
	for i := 0; i < len(days); {
		last := i
		for last+1 < len(days) && days[last+1] == days[last]+1 {
			last++
		}
		item := strconv.Itoa(days[i])
		if last > i {
			item += "-" + strconv.Itoa(days[last])
		}
		items = append(items, item)
		i = last + 1
	}
	return strings.Join(items, ",")
}
