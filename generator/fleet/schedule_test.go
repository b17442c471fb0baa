package fleet

import "testing"

func TestScheduleCron(t *testing.T) {
	for _, tc := range []struct {
		schedule   Schedule
		start, end string
	}{
		{Schedule{Days: "mon-fri", From: "07:30", To: "19:00"}, "30 7 * * 1-5", "0 19 * * 1-5"},
		{Schedule{From: "08:05", To: "09:00"}, "5 8 * * *", "0 9 * * *"},
		{Schedule{Days: "sat,sun", From: "10:00", To: "16:00"}, "0 10 * * 0,6", "0 16 * * 0,6"},
		{Schedule{Days: "fri-mon", From: "10:00", To: "16:00"}, "0 10 * * 0-1,5-6", "0 16 * * 0-1,5-6"},
		// Over midnight, and over the week's end.
		{Schedule{Days: "mon,wed,sat", From: "22:00", To: "06:00"}, "0 22 * * 1,3,6", "0 6 * * 0,2,4"},
		{Schedule{Days: "mon-fri", From: "00:00", To: "00:00"}, "0 0 * * 1-5", "0 0 * * 2-6"},
		{Schedule{Start: "0 8 24 11 *", End: "0 8 1 12 *"}, "0 8 24 11 *", "0 8 1 12 *"},
	} {
		if start, end := tc.schedule.Cron(); start != tc.start || end != tc.end {
			t.Errorf("%+v is from %q to %q", tc.schedule, start, end)
		}
	}
}
