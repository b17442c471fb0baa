package cron

import (
	"strings"
	"testing"
	"time"
)

// Times are robfig/cron's: a star with a step, lists, names, and the two fields for
// days, of which one is enough where neither is a star.
func TestBetween(t *testing.T) {
	monday := time.Date(2028, time.January, 3, 0, 0, 0, 0, time.UTC)
	for schedule, want := range map[string]string{
		"0 8 * * 1-5":         "03 04 05 06 07 10 11 12 13 14",
		"0 8 * * MON,sat":     "03 08 10 15",
		"0 8 5 * *":           "05",
		"0 8 5 * 1":           "03 05 10",
		"0 8 */2 * 1":         "03 05 07 09 10 11 13 15",
		"0 8 4 FEB *":         "",
		"0 8 */1 JAN-FEB 0":   "09 16",
		"0 8 14-16 * *":       "14 15 16",
		"0 8 10/3 * *":        "10 13 16",
		"0 8 31 2 *":          "",
		"59/70 8 3 * *":       "03",
		"0 8 3 1-12/1 *":      "03",
		"0 8 3,4,16 1 0-6/10": "03 04 09 16",
	} {
		s, err := Parse(schedule)
		if err != nil {
			t.Errorf("%s: %v", schedule, err)
			continue
		}
		var got []string
		for _, at := range s.Between(monday, monday.AddDate(0, 0, 14)) {
			if at.Hour() != 8 {
				t.Errorf("%s fires at %v", schedule, at)
			}
			got = append(got, at.Format("02"))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s fires on %v, want %s", schedule, got, want)
		}
	}
	s, err := Parse("*/20 22-23 * * *")
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Between(monday, monday.AddDate(0, 0, 1)); len(got) != 6 || got[5].Format("15:04") != "23:40" {
		t.Errorf("fires at %v", got)
	}
}

func TestNever(t *testing.T) {
	for schedule, want := range map[string]bool{
		"0 8 31 2 *": true, "0 8 30 FEB *": true, "0 8 31 2,4,6,9,11 *": true,
		"0 8 29 2 *": false, "0 8 31 2-3 *": false, "0 8 31 2 1": false, "0 8 * 2 *": false,
	} {
		s, err := Parse(schedule)
		if err != nil {
			t.Fatal(err)
		}
		if s.Never() != want {
			t.Errorf("%s: never is %v", schedule, s.Never())
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for schedule, want := range map[string]string{
		"0 8 * *":        "4 fields instead of 5",
		"0 18-8 * * *":   "hour goes from 18 to 8",
		"0 8 * * 5-1":    "day of week goes from 5 to 1",
		"60 8 * * *":     `minute is "60"`,
		"0 24 * * *":     `hour is "24"`,
		"0 8 0 * *":      `day of month is "0"`,
		"0 8 * 13 *":     `month is "13"`,
		"0 8 * * 7":      `day of week is "7"`,
		"0 8 * * MONDAY": `day of week is "MONDAY"`,
		"*/0 8 * * *":    `minute has the step "0"`,
		"0 8-x * * *":    `hour is "x"`,
	} {
		if _, err := Parse(schedule); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", schedule, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("0 8 * * 1-5")
	f.Add("*/15 0-23/2 1,31 JAN-DEC SUN")
	from := time.Date(2028, time.January, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			return
		}
		if s.Never() && len(s.Between(from, from.AddDate(4, 0, 0))) > 0 {
			t.Errorf("%q never fires, and does", text)
		}
	})
}
