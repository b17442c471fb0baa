package argocd

import (
	"slices"

	"github.com/mlfleet/mlfleet/generator/fleet"
)

// syncWindows are the windows of the environments in which the tenant is placed, each
// for the tenant's clusters of those environments alone: an allow window shuts
// everything that it matches outside of its hours. Environments with equal windows share one,
// since Argo CD 2.14 refuses two of one kind, schedule and duration in a project.
//
// They bound the models and not the guardrails, which are in another project: a hole in
// a fence is mended at any hour.
func syncWindows(t *fleet.Tenant) []SyncWindow {
	var (
		order   []fleet.SyncWindow
		members = map[fleet.SyncWindow][]string{}
	)
	for _, e := range environments(t) {
		for _, w := range e.Spec.Windows {
			if members[w] == nil {
				order = append(order, w)
			}
			for _, c := range clusters(t) {
				if c.Environment == e {
					members[w] = append(members[w], c.Spec.ArgoCD.Name)
				}
			}
		}
	}
	var out []SyncWindow
	for _, w := range order {
		slices.Sort(members[w])
		out = append(out, SyncWindow{
			Kind:       w.Kind,
			Schedule:   w.Schedule,
			Duration:   w.Duration,
			TimeZone:   w.TimeZone,
			Clusters:   slices.Compact(members[w]),
			ManualSync: w.ManualSync,
		})
	}
	return out
}
