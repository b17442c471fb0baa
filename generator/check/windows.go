package check

import (
	"fmt"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// windows reports sync windows that can never open, and those that Argo CD takes for
// one and refuses: those of an AppProject, which holds the windows of all
// environments of a tenant, must differ in kind, schedule or duration (AppProject
// validation of Argo CD 2.14). Windows that are equal in everything become one, so
// they are fine.
func (c *checker) windows() {
	for _, e := range c.fleet.Environments {
		for i, w := range e.Spec.Windows {
			c.cron(e.Origins.Origin("windows", fmt.Sprint(i), "schedule"), w.Schedule)
			c.timeZone(e.Origins.Origin("windows", fmt.Sprint(i), "timeZone"), w.TimeZone)
		}
	}
	for _, t := range c.fleet.Tenants {
		type window struct{ kind, schedule, duration string }
		seen := map[window]fleet.SyncWindow{}
		from := map[window]*fleet.Environment{}
		for _, e := range environments(t) {
			for i, w := range e.Spec.Windows {
				key := window{w.Kind, w.Schedule, w.Duration}
				first, twice := seen[key]
				if !twice {
					seen[key], from[key] = w, e
					continue
				}
				if first != w {
					c.refuse(e.Origins.Origin("windows", fmt.Sprint(i)),
						fmt.Sprintf("this sync window has the kind, schedule and duration of another one of environment %s, but not its time zone or manualSync", from[key].Name),
						"Argo CD refuses two such windows in one project", "make them equal, or shift one by a minute")
				}
			}
		}
	}
}
