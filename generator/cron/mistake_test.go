package cron

import "testing"

// What people who know another cron write, and what each is told.
func TestMistake(t *testing.T) {
	for text, want := range map[string]string{
		"0 8 * * 7":        "Sunday is 0",
		"0 8 * * 1-7":      "Sunday is 0",
		"60 8 24 11 *":     `the minute is 0 to 59, not "60"`,
		"0 8-24 * * *":     `the hour is 0 to 23, not "24"`,
		"0 8 1,32 * *":     `the day of month is 1 to 31, not "32"`,
		"0 8 L * *":        `the day of month is 1 to 31, not "L"`,
		"0 8 * 0 *":        `the month is 1 to 12, or JAN to DEC, not "0"`,
		"0 8 * * MONDAY":   `the day of week is 0 to 6, or SUN to SAT, not "MONDAY"`,
		"0 8 * * mon-fri":  "write mon in capital letters: MON",
		"0 8 ? * 1":        "write * instead of ?",
		"*/0 8 * * *":      `the step of the minute is 1 to 99, not "0"`,
		"0 8/ * * *":       `the step of the hour is 1 to 99, not ""`,
		"0 0 8 * * 1":      "these are six fields: leave out the seconds",
		"0 8 * *":          "these are 4 fields: write minute, hour, day of month, month and day of week",
		"0 8  * * 1":       "put one space between two fields, and none around them",
		"@daily":           "write @daily as five fields",
		"TZ=UTC 0 8 * * *": "leave out TZ=UTC, a time zone stands in timeZone",

		"": "", "daily": "", "0 8 +5 * *": "", "0 8 1-2-3 * *": "", // which the format refuses, and nothing is known of
		"0 8 * * 1-5": "", "*/15 0-23/2 1,31 JAN-DEC SUN": "",
	} {
		if got := Mistake(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
