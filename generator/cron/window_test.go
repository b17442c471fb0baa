package cron

import (
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/zone"
)

func load(t testing.TB, name string) *time.Location {
	t.Helper()
	found := zone.Open().Load(name)
	if found == nil {
		t.Fatalf("there is no time zone %s", name)
	}
	return found
}

func window(t *testing.T, start, end, zone string) Window {
	t.Helper()
	w := Window{Zone: load(t, zone)}
	for text, into := range map[string]*Schedule{start: &w.Start, end: &w.End} {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		*into = s
	}
	return w
}

// holds asks as KEDA's cron scaler does (GetMetricsAndActivity), whose time is always
// before both: it holds outside of what lies between the next start and a later end.
func (w Window) holds(now time.Time) bool {
	now = now.In(w.Zone)
	start, end := w.Start.next(now), w.End.next(now)
	if start.Before(end) {
		return now.After(start) && now.Before(end)
	}
	return now.After(start) || now.Before(end)
}

// The times that are computed are those at which KEDA finds that a window holds.
func TestSpansAreKedas(t *testing.T) {
	for _, schedules := range [][2]string{
		{"0 8 * * 1-5", "0 18 * * 1-5"}, {"30 22 * * 1-5", "0 6 * * 2-6"}, {"0 0 * * 1-5", "0 0 * * 2-6"},
		{"0 8 24 3 *", "0 8 1 4 *"}, {"0 8 * * 1-5", "0 18 * * 5"}, {"0 8 * * 1", "0 12,18 * * 1"}, {"30 1 * * *", "30 2 * * *"},
	} {
		w := window(t, schedules[0], schedules[1], "Europe/Dublin")
		from := time.Date(2028, time.March, 19, 0, 0, 0, 0, w.Zone)
		until := from.AddDate(0, 0, 21) // daylight saving begins in between
		spans := w.spans(from, until, mostSpans)
		for at := from; at.Before(until); at = at.Add(30 * time.Minute) {
			within := false
			for _, s := range spans {
				within = within || !at.Before(s.From) && at.Before(s.To)
			}
			if within != w.holds(at) {
				t.Errorf("from %s to %s: on %v it holds: %v, and KEDA says %v", schedules[0], schedules[1], at, within, w.holds(at))
			}
		}
	}
}

func TestAlternates(t *testing.T) {
	for schedules, want := range map[[2]string]bool{
		{"0 8 * * 1-5", "0 18 * * 1-5"}:    true,
		{"0 22 * * 5", "0 6 * * 1"}:        true,
		{"0 0 * * 1-5", "0 0 * * 2-6"}:     true, // ends when the next begins
		{"0 8 24 11 *", "0 8 1 12 *"}:      true,
		{"0 8 29 2 *", "0 18 29 2 *"}:      true,
		{"0 8 * * 1-5", "0 18 * * 5"}:      false, // begins on Tuesday, and has not ended
		{"0 8 * * 1", "0 12,18 * * 1"}:     false, // ends at 18:00, and has ended
		{"0 8 31 * *", "0 18 28 * *"}:      false, // not every month has a 31st
		{"0 8 1 * *", "0 8 1 1 *"}:         false,
		{"* * * * *", "0 18 * * *"}:        false,
		{"*/2 * * * *", "1-59/2 * * * *"}:  true,
		{"0 8 * * 1-5", "0 18 24 12 *"}:    false,
		{"30 2 * * *", "30 3 * * *"}:       true, // although a night of the year has no 2:30
		{"0 8 1,15 * *", "0 18 10,20 * *"}: true,
	} {
		if got := window(t, schedules[0], schedules[1], "Europe/Dublin").Alternates(); got != want {
			t.Errorf("from %s to %s: %v", schedules[0], schedules[1], got)
		}
	}
}

// What docs/scaling.md says of a time that the clock skips: in New York, 02:30 of 12 March 2028.
func TestSkippedTimes(t *testing.T) {
	for _, tc := range []struct{ start, end, want string }{
		{"0 1 * * *", "30 2 * * *", "11 01:00-11 02:30, 13 01:00-13 02:30"},
		{"30 2 * * *", "30 3 * * *", "11 02:30-12 03:30, 13 02:30-13 03:30"},
	} {
		w := window(t, tc.start, tc.end, "America/New_York")
		from := time.Date(2028, time.March, 11, 0, 0, 0, 0, w.Zone)
		var got []string
		for _, s := range w.spans(from, from.AddDate(0, 0, 3), mostSpans) {
			got = append(got, s.From.Format("02 15:04")+"-"+s.To.Format("02 15:04"))
			for at := s.From; at.Before(s.To); at = at.Add(30 * time.Minute) {
				if !w.holds(at.Add(time.Second)) {
					t.Errorf("from %s to %s: KEDA does not see it hold on %v", tc.start, tc.end, at)
				}
			}
		}
		if strings.Join(got, ", ") != tc.want {
			t.Errorf("from %s to %s it holds %s, want %s", tc.start, tc.end, got, tc.want)
		}
	}
}

func TestOverlap(t *testing.T) {
	type side struct{ start, end, zone string }
	for _, tc := range []struct {
		a, b side
		want string // "" where they never both hold
	}{
		{side{"0 8 * * 1-5", "0 18 * * 1-5", "UTC"}, side{"0 18 * * 1-5", "0 8 * * 2-6", "UTC"}, ""},
		{side{"0 8 * * 1-5", "0 18 * * 1-5", "UTC"}, side{"0 17 * * 5", "0 8 * * 6", "UTC"}, "Fri 7 Jan 2028 17:00 UTC"},
		// By the clock of one place they meet, whatever daylight saving does between.
		{side{"0 1 * * *", "30 2 * * *", "Europe/Dublin"}, side{"30 2 * * *", "0 4 * * *", "Europe/Dublin"}, ""},
		// In winter New York is five hours behind Dublin, and for two weeks in March four.
		{side{"0 9 * * *", "0 12 * * *", "America/New_York"}, side{"0 17 * * *", "0 18 * * *", "Europe/Dublin"}, ""},
		{side{"0 9 * * *", "0 12 * * *", "America/New_York"}, side{"30 13 * * *", "0 14 * * *", "Europe/Dublin"}, "Sun 12 Mar 2028 09:30 EDT"},
		// A date meets every day of the week sooner or later.
		{side{"0 8 * * 0", "0 9 * * 0", "UTC"}, side{"0 8 29 2 *", "0 9 29 2 *", "UTC"}, "Sun 29 Feb 2032 08:00 UTC"},
		{side{"0 8 24 12 *", "0 8 27 12 *", "UTC"}, side{"0 8 27 12 *", "0 8 2 1 *", "UTC"}, ""},
		{side{"0 8 24 12 *", "0 8 27 12 *", "UTC"}, side{"0 8 24 11 *", "1 8 24 12 *", "UTC"}, "Sun 24 Dec 2028 08:00 UTC"},
		{side{"0 8 1 6 *", "0 8 1 9 *", "UTC"}, side{"0 20 * * *", "0 6 * * *", "Europe/Dublin"}, "Thu 1 Jun 2028 19:00 UTC"},
	} {
		a, b := window(t, tc.a.start, tc.a.end, tc.a.zone), window(t, tc.b.start, tc.b.end, tc.b.zone)
		for _, pair := range [][2]Window{{a, b}, {b, a}} {
			when, ok := Overlap(pair[0], pair[1])
			if ok != (tc.want != "") || ok && when.In(a.Zone).Format("Mon 2 Jan 2006 15:04 MST") != tc.want {
				t.Errorf("%+v and %+v: %v, want %q", tc.a, tc.b, when, tc.want)
			}
		}
	}
}
