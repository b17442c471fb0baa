package cron

import (
	"strings"
	"testing"
	"time"
)

// Two fields are for days, of which one is enough where neither is a star.
func TestSchedule(t *testing.T) {
	monday := time.Date(2028, time.January, 3, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"0 8 * * 1-5":     "03 04 05 06 07 10 11 12 13 14",
		"0 8 * * MON,sat": "03 08 10 15",
		"0 8 5 * *":       "05",
		"0 8 5 * 1":       "03 05 10",
		"0 8 4 FEB *":     "",
		"0 8 14-16 * *":   "14 15 16",
		"0 8 10/3 * *":    "10 13 16",
	} {
		s, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for at := s.next(monday); at.Before(monday.AddDate(0, 0, 14)); at = s.next(at) {
			got = append(got, at.Format("02"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s fires on %v, want %s", text, got, want)
		}
	}
}

func TestNever(t *testing.T) {
	for text, want := range map[string]bool{
		"0 8 31 2 *": true, "0 8 30 FEB *": true, "0 8 31 2,4,6,9,11 *": true,
		"0 8 29 2 *": false, "0 8 31 2-3 *": false, "0 8 31 2 1": false, "0 8 * 2 *": false,
	} {
		s, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if s.Never() != want {
			t.Errorf("%s: never is %v", text, s.Never())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"0 8 * *":            "expected exactly 5 fields, found 4",
		"0 18-8 * * *":       "beginning of range (18) beyond end of range (8)",
		"60 8 * * *":         "end of range (60) above maximum (59)",
		"*/0 8 * * *":        "step of range should be a positive number",
		"@daily":             "parser does not accept descriptors",
		"TZ=UTC 0 8 * * *":   "the schedule has a time zone of its own",
		"CRON_TZ=0":          "the schedule has a time zone of its own",
		"":                   "empty spec string",
		"0 0 8 * * *":        "expected exactly 5 fields, found 6",
		"0 8 * * 7":          "above maximum (6)",
		"0 8 * * MONDAY":     "failed to parse int",
		"0 8 32 * *":         "above maximum (31)",
		"0 8 * 0 *":          "below minimum (1)",
		"0 8 * * 1-5 ; true": "expected exactly 5 fields",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}

// Whatever text comes, it is refused or understood, and looking ahead ends.
func FuzzWindow(f *testing.F) {
	f.Add("0 8 * * 1-5", "0 18 * * 1-5", "0 8 24 11 *", "0 8 1 12 *")
	f.Add("*/15 0-23/2 1,31 JAN-DEC SUN", "0 8 31 2 *", "* * * * *", "59 23 29 2 *")
	dublin := load(f, "Europe/Dublin")
	f.Fuzz(func(t *testing.T, start, end, otherStart, otherEnd string) {
		var parsed []Schedule
		for _, text := range []string{start, end, otherStart, otherEnd} {
			s, err := Parse(text)
			if err != nil || s.Never() {
				return
			}
			parsed = append(parsed, s)
		}
		a, b := Window{parsed[0], parsed[1], dublin}, Window{parsed[2], parsed[3], time.UTC}
		a.Alternates()
		if when, ok := Overlap(a, b); ok && (!a.holds(when) || !b.holds(when)) {
			t.Errorf("%s to %s and %s to %s do not both hold on %v", start, end, otherStart, otherEnd, when)
		}
	})
}
