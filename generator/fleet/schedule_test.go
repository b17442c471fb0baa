package fleet

import (
	"fmt"
	"testing"
)

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

// A canary has its share of what its model's schedules want, and none of a schedule
// that would give it no more than it has.
func TestCanarySchedules(t *testing.T) {
	m := &Model{Name: "m", Plan: &CapacityPlan{}, Spec: ModelSpec{
		Replicas: Replicas{Min: 4, Max: 40}, Canary: &Canary{Version: "2", Weight: 10},
		Scaling: Scaling{Schedules: []Schedule{{From: "08:00", To: "09:00", Min: 8}, {From: "09:00", To: "10:00", Min: 31}}},
	}}
	c := m.AsCanary()
	if got, want := fmt.Sprint(c.Spec.Replicas, c.Spec.Scaling.Schedules), "{1 4} [{ 09:00 10:00    4}]"; got != want {
		t.Errorf("the canary has %s, want %s", got, want)
	}
	if c.Plan != nil {
		t.Error("the canary's replicas are said to be computed from the model's traffic")
	}
	if m.Spec.Scaling.Schedules[1].Min != 31 {
		t.Error("the model's own schedules are changed")
	}
}

func TestSleepsAtZero(t *testing.T) {
	for min, want := range map[int32]bool{0: true, 1: false, 2: false} {
		if got := (&Model{Spec: ModelSpec{Replicas: Replicas{Min: min, Max: 3}}}).SleepsAtZero(); got != want {
			t.Errorf("with at least %d replicas it sleeps: %v", min, got)
		}
	}
}
