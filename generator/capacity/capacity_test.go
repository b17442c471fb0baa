package capacity

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// busy is a profile with its peak between nine and five on weekdays.
func busy(peak, otherwise float64) fleet.TrafficProfile {
	return fleet.TrafficProfile{
		ThroughputPerReplica: 1500, Utilization: 70, Otherwise: otherwise, TimeZone: "Europe/Dublin",
		Profile: []fleet.TrafficHours{{Days: "mon-fri", Hours: "9-17", RequestsPerSecond: peak}},
	}
}

func plan(t *testing.T, p fleet.TrafficProfile, floor int32, lead time.Duration) *fleet.CapacityPlan {
	t.Helper()
	week, conflict := FromProfile(&p)
	if conflict != nil {
		t.Fatalf("the profile contradicts itself: %+v", conflict)
	}
	return Plan(week, p, p.TimeZone, floor, lead)
}

// 10,000 requests per second over 1,500 a replica at 70 % are ten replicas, and with
// headroom twelve to sixteen: twelve are there on schedule, and autoscaling stops at
// sixteen. Half an hour of startup comes before nine.
func TestPlan(t *testing.T) {
	p := plan(t, busy(10000, 800), 1, 30*time.Minute)
	if p.Needed != 10 || p.Scheduled != 12 || p.Replicas.Max != 16 {
		t.Errorf("%d replicas, %d scheduled, %d at the most", p.Needed, p.Scheduled, p.Replicas.Max)
	}
	if p.Replicas.Min != 2 { // 800 need one, and a fifth more are two
		t.Errorf("%d replicas at the least", p.Replicas.Min)
	}
	want := "[{Days:mon,tue,wed,thu,fri From:08:30 To:17:00 Start: End: TimeZone:Europe/Dublin Min:12}]"
	if got := fmt.Sprintf("%+v", p.Schedules); got != want {
		t.Errorf("schedules are %s", got)
	}
	if p.Peak != 10000 || p.PeakHour != "mon 09:00" || p.Quiet != 800 || p.QuietHour != "sun 00:00" {
		t.Errorf("peak %g at %s, quiet %g at %s", p.Peak, p.PeakHour, p.Quiet, p.QuietHour)
	}
}

func TestPlanBounds(t *testing.T) {
	for _, tc := range []struct {
		name             string
		peak, otherwise  float64
		floor            int32
		needed, min, max int32
		schedules        int
	}{
		{"exactly ten, whatever a computer makes of 0.7", 10500, 10500, 1, 10, 12, 16, 0},
		{"a little more than ten", 10501, 10501, 1, 11, 14, 18, 0},
		{"the floor is above all of it", 1000, 0, 5, 1, 5, 6, 0},
		{"nothing in the night, no floor", 1000, 0, 0, 1, 0, 2, 1},
		{"nothing at all", 0, 0, 0, 0, 0, 1, 0},
		{"the same all the time", 1000, 1000, 1, 1, 2, 3, 0},
		{"a slip of a unit", 1e300, 1e300, 1, 1000000, 1200000, 1600000, 0},
	} {
		p := plan(t, busy(tc.peak, tc.otherwise), tc.floor, 0)
		if p.Needed != tc.needed || p.Replicas != (fleet.Replicas{Min: tc.min, Max: tc.max}) || len(p.Schedules) != tc.schedules {
			t.Errorf("%s: %d needed, %+v, schedules %+v", tc.name, p.Needed, p.Replicas, p.Schedules)
		}
	}
}

// The week of a commuter has five levels, and each is had as it is: nobody pays for 13
// replicas where 9 are asked for. The annotation's reader gets each with its reason.
func TestLevelsAreExact(t *testing.T) {
	p := plan(t, fleet.TrafficProfile{
		ThroughputPerReplica: 220, Utilization: 60, Otherwise: 250, TimeZone: "UTC",
		Profile: []fleet.TrafficHours{
			{Days: "mon-fri", Hours: "7-10", RequestsPerSecond: 2000},
			{Days: "mon-fri", Hours: "10-16", RequestsPerSecond: 1100},
			{Days: "mon-fri", Hours: "16-19", RequestsPerSecond: 2300},
			{Days: "sat,sun", Hours: "9-20", RequestsPerSecond: 900},
		},
	}, 2, 10*time.Minute)
	var got []string
	for _, s := range p.Schedules {
		got = append(got, fmt.Sprintf("%s %s-%s %d", s.Days, s.From, s.To, s.Min))
	}
	want := []string{"sun,sat 08:50-20:00 9", "mon,tue,wed,thu,fri 06:50-10:00 20", "mon,tue,wed,thu,fri 10:00-15:50 11", "mon,tue,wed,thu,fri 15:50-19:00 22"}
	if !slices.Equal(got, want) || p.Replicas != (fleet.Replicas{Min: 3, Max: 29}) {
		t.Errorf("%+v and %q", p.Replicas, got)
	}
	levels := []fleet.CapacityLevel{
		{RequestsPerSecond: 2000, Hour: "mon 07:00", Needed: 16, Replicas: 20},
		{RequestsPerSecond: 1100, Hour: "mon 10:00", Needed: 9, Replicas: 11},
		{RequestsPerSecond: 900, Hour: "sun 09:00", Needed: 7, Replicas: 9},
	}
	if !slices.Equal(p.Levels, levels) {
		t.Errorf("the levels are %+v", p.Levels)
	}
}

// However jagged the week, a person can still read its schedules; in every hour they
// give at least what it needs with headroom, and never more than the peak's.
func TestSchedulesCoverTheWeek(t *testing.T) {
	p := fleet.TrafficProfile{ThroughputPerReplica: 10, Utilization: 50, TimeZone: "UTC"}
	for _, shape := range []func(h int) float64{
		func(h int) float64 { return float64(h * 7919 % 500) },
		func(h int) float64 { return 100 + 90*math.Sin(float64(h)/24*2*math.Pi) },
		func(h int) float64 { return float64(h) },
		func(h int) float64 { return float64(h / 24 * 100) },
	} {
		var week Week
		for h := range week {
			week[h] = shape(h)
		}
		plan := Plan(week, p, "UTC", 1, 20*time.Minute)
		if len(plan.Schedules) > mostSchedules {
			t.Errorf("%d schedules", len(plan.Schedules))
		}
		explained := map[int32]bool{plan.Scheduled: true, max(withHeadroom(needed(plan.Quiet, p), fleet.ScheduledHeadroom), 1): true}
		for _, l := range plan.Levels {
			explained[l.Replicas] = needed(l.RequestsPerSecond, p) == l.Needed && withHeadroom(l.Needed, fleet.ScheduledHeadroom) == l.Replicas
		}
		for _, s := range plan.Schedules {
			if !explained[s.Min] {
				t.Errorf("no hour asks for the %d replicas of %+v: %+v", s.Min, s, plan.Levels)
			}
		}
		if !explained[plan.Replicas.Min] {
			t.Errorf("nothing says why %d replicas are the fewest: %+v", plan.Replicas.Min, plan.Levels)
		}
		for h, rate := range week {
			want := withHeadroom(needed(rate, p), fleet.ScheduledHeadroom)
			for m := h * 60; m < h*60+60; m++ {
				got, at := plan.Replicas.Min, 0
				for _, s := range plan.Schedules {
					if holdsAt(s, m) {
						got = s.Min
						at++
					}
				}
				if at > 1 {
					t.Fatalf("%d schedules hold in minute %d of hour %d", at, m%60, h)
				}
				if got < want || got > plan.Scheduled {
					t.Fatalf("%d replicas in minute %d of hour %d, which needs %d; the peak gets %d", got, m%60, h, want, plan.Scheduled)
				}
			}
		}
	}
}

// holdsAt says whether a schedule holds in a minute of the week.
func holdsAt(s fleet.Schedule, m int) bool {
	minute := func(clock string) (m int) {
		var h int
		fmt.Sscanf(clock, "%d:%d", &h, &m)
		return h*60 + m
	}
	from, to := minute(s.From), minute(s.To)
	if to <= from {
		to += minutesOfDay
	}
	for _, day := range fleet.Weekdays(s.Days) {
		since := (m - day*minutesOfDay - from + minutesOfWeek) % minutesOfWeek
		if since < to-from {
			return true
		}
	}
	return false
}

func TestProfile(t *testing.T) {
	p := busy(100, 5)
	p.Profile = append(p.Profile, fleet.TrafficHours{Days: "sat", Hours: "22-2", RequestsPerSecond: 40}, fleet.TrafficHours{Days: "fri", Hours: "16-17", RequestsPerSecond: 100})
	week, conflict := FromProfile(&p)
	if conflict != nil {
		t.Fatalf("entries that say the same contradict: %+v", conflict)
	}
	for hour, want := range map[int]float64{0: 40, 1: 40, 2: 5, 6*24 + 21: 5, 6*24 + 22: 40, 6*24 + 23: 40, 24 + 8: 5, 24 + 9: 100, 24 + 16: 100, 24 + 17: 5} {
		if week[hour] != want {
			t.Errorf("%g requests per second on %s, want %g", week[hour], hourName(hour), want)
		}
	}
	whole := fleet.TrafficProfile{Profile: []fleet.TrafficHours{{Days: "mon", Hours: "9-9", RequestsPerSecond: 7}}}
	if week, _ := FromProfile(&whole); week[24+8] != 0 || week[24+9] != 7 || week[2*24+8] != 7 || week[2*24+9] != 0 {
		t.Errorf("9-9 is %v", week[24:3*24])
	}
	p.Profile[2].RequestsPerSecond = 99
	if _, conflict := FromProfile(&p); conflict == nil || *conflict != (Conflict{First: 0, Second: 2, Hour: "fri 16:00"}) {
		t.Errorf("the conflict is %+v", conflict)
	}
}

// A week that always looks alike and grows by a tenth is foretold exactly, also with
// one week in which something broke.
func TestForecast(t *testing.T) {
	var m Measurements
	for i := range 8 {
		var week Week
		for h := range week {
			week[h] = float64(10+h%24) * math.Pow(1.1, float64(i))
		}
		m.weeks = append(m.weeks, week)
	}
	m.weeks[3][100] = 0
	f := m.Forecast()
	for h, expected := range f.Expected {
		if want := float64(10+h%24) * math.Pow(1.1, 8); math.Abs(expected/want-1) > 0.01 {
			t.Fatalf("%g expected in hour %d, want %g", expected, h, want)
		}
		if f.Planned[h] < expected-1e-9 {
			t.Fatalf("%g planned in hour %d, where %g are expected", f.Planned[h], h, expected)
		}
	}
	if f.Weeks != 8 || f.Test.Weeks != 4 {
		t.Errorf("learnt from %d weeks, tested on %d", f.Weeks, f.Test.Weeks)
	}
	if f.Test.Error > 0.01 || f.Test.Naive < 0.08 || f.Test.Naive > 0.1 {
		t.Errorf("off by %g, and the week before by %g", f.Test.Error, f.Test.Naive)
	}
}

// The test of a forecast must not know the weeks that it is tested on: one that comes
// out of nowhere is an error, and the hours in it are above the plan.
func TestBacktestSeesTheUnforeseen(t *testing.T) {
	var m Measurements
	for range 4 {
		var week Week
		for h := range week {
			week[h] = 10
		}
		m.weeks = append(m.weeks, week)
	}
	for h := range 84 {
		m.weeks[3][h] = 30
	}
	f := m.Forecast().Test
	if f.Weeks != 2 || math.Abs(f.Error-84.*20/(84*30+84*10+168*10)) > 1e-9 || f.Above != 84./336 {
		t.Errorf("%+v", f)
	}
}
