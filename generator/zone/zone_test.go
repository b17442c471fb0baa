package zone

import (
	"slices"
	"testing"
	"time"
)

func TestLoad(t *testing.T) {
	zones := Open()
	summer := time.Date(2050, time.July, 1, 12, 0, 0, 0, time.UTC) // beyond the tables, by the rule
	for name, want := range map[string]string{
		"UTC": "12:00 UTC", "Europe/Dublin": "13:00 IST", "America/New_York": "08:00 EDT", "Etc/GMT+5": "07:00 -05",
		"America/Argentina/Ushuaia": "09:00 -03",
	} {
		zone := zones.Load(name)
		if zone == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		if got := summer.In(zone).Format("15:04 MST"); got != want || zone.String() != name {
			t.Errorf("%s: %s in zone %s", name, got, zone)
		}
	}
	for _, name := range []string{"", "Local", "Europe/Dubln", "America/Argentina", "../zone.go", "/etc/localtime", "Europe/Dublin/"} {
		if zone := zones.Load(name); zone != nil {
			t.Errorf("%q is %v", name, zone)
		}
	}
}

func TestNames(t *testing.T) {
	zones := Open()
	names := zones.Names()
	if !slices.Contains(names, "Europe/Dublin") || !slices.Contains(names, "UTC") {
		t.Error("well-known zones are missing")
	}
	for _, name := range names {
		if zones.Load(name) == nil {
			t.Errorf("%s cannot be loaded", name)
		}
	}
}
