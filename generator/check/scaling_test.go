package check_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
)

// replicas are sentiment's.
const replicas = "replicas: {min: 2, max: 4}"

// scheduled is sentiment between two and nine replicas in the north's production
// cluster, with schedules, one a line.
func scheduled(schedules ...string) []edit {
	return []edit{
		{sentiment, replicas, "replicas: {min: 2, max: 9}\n  placement: {environments: [production], regions: [north]}\n  scaling:\n    schedules:\n    - " +
			strings.Join(schedules, "\n    - ")},
		{acme, "gpus: 8", "gpus: 20"},
	}
}

// measurements are four weeks with requests from nine to five, and hardly any else.
func measurements(rate int) string {
	var b strings.Builder
	b.WriteString("time,requestsPerSecond\n")
	monday := time.Date(2026, time.September, 7, 0, 0, 0, 0, time.UTC)
	for at := monday; at.Before(monday.AddDate(0, 0, 28)); at = at.Add(time.Hour) {
		fmt.Fprintf(&b, "%s,%d\n", at.Format(time.RFC3339), map[bool]int{true: rate, false: 1}[at.Hour() >= 9 && at.Hour() < 17])
	}
	return b.String()
}

// Every rule about the number of replicas: what breaks it, and all that is said of
// it then. The first schedule stands on line 16.
func TestScalingRules(t *testing.T) {
	const at = "tenants/acme/models/sentiment.yaml:"
	for _, tc := range []struct {
		name  string
		edits []edit
		want  []string
	}{
		{"a day that no year has", scheduled(`{start: 0 8 31 2 *, end: 0 18 * * *, timeZone: UTC, min: 3}`), []string{
			at + `16:15: the schedule "0 8 31 2 *" is impossible: no year has these days — correct its day of month or its month`,
		}},
		{"a range that goes backwards", scheduled(`{start: 0 8 * * *, end: 0 18-8 * * *, timeZone: UTC, min: 3}`), []string{
			at + `16:31: the schedule "0 18-8 * * *" is impossible: beginning of range (18) beyond end of range (8): 18-8 (minute, hour, day of month, month and day of week)`,
		}},
		{"a time zone that there is not", scheduled(`{days: mon-fri, from: "08:00", to: "18:00", timeZone: Europe/Dubln, min: 3}`), []string{
			at + `16:61: there is no time zone "Europe/Dubln" (a name of the IANA time zone database, such as Europe/Dublin or UTC) — did you mean "Europe/Dublin"?`,
		}},
		{"a schedule that ends when it begins", scheduled(`{start: 0 8 * * *, end: 00 08 * * *, timeZone: UTC, min: 3}`), []string{
			at + `16:31: the schedule ends when it begins — let it end later`,
		}},
		{"a schedule that begins again before it ends", scheduled(`{start: 0 8 * * 1-5, end: 0 18 * * 5, timeZone: UTC, min: 3}`), []string{
			at + `16:33: the schedule does not begin and end in turn (KEDA would let it hold from its last beginning before an end only) — write a schedule for each time that begins, or days, from and to`,
		}},
		{"schedules beside the bounds", scheduled(`{from: "08:00", to: "18:00", timeZone: UTC, min: 2}`, `{from: "18:00", to: "08:00", timeZone: UTC, min: 10}`), []string{
			at + `16:56: the schedule wants at least 2 replicas (more than replicas.min, 2, and at most replicas.max, 9) — change one of them`,
			at + `17:56: the schedule wants at least 10 replicas (more than replicas.min, 2, and at most replicas.max, 9) — change one of them`,
		}},
		{"schedules beside the bounds that contradict another", scheduled(`{from: "08:00", to: "18:00", timeZone: UTC, min: 3}`, `{from: "08:00", to: "18:00", timeZone: UTC, min: 21}`), []string{
			at + `17:56: the schedule wants at least 21 replicas (more than replicas.min, 2, and at most replicas.max, 9) — change one of them`,
		}},
		{"a schedule beside the bounds of an override", append(scheduled(`{from: "08:00", to: "18:00", timeZone: UTC, min: 3}`),
			edit{sentiment, "  expose:", "  overrides:\n  - {match: {environment: production}, replicas: {max: 2, min: 1}}\n  expose:"}), []string{
			at + `16:56: the schedule wants at least 3 replicas (more than replicas.min, 1, and at most replicas.max, 2, from the override 1 of model sentiment at ` + at + `18:56) — change one of them`,
		}},
		{"a time zone in small letters", scheduled(`{from: "08:00", to: "18:00", timeZone: europe/dublin, min: 3}`), []string{
			at + `16:46: there is no time zone "europe/dublin" (a name of the IANA time zone database, such as Europe/Dublin or UTC) — did you mean "Europe/Dublin"?`,
		}},
		{name: "a time zone without a place", edits: scheduled(`{from: "08:00", to: "18:00", timeZone: EST5EDT, min: 3}`)},
		// A night begins the day before.
		{"schedules that contradict", scheduled(
			`{days: mon-fri, from: "08:00", to: "18:00", timeZone: Europe/Dublin, min: 4}`,
			`{days: mon-fri, from: "18:00", to: "20:00", timeZone: Europe/Dublin, min: 3}`,
			`{days: sun, from: "22:00", to: "09:00", timeZone: Europe/Dublin, min: 5}`), []string{
			at + `18:7: two schedules contradict: this one wants at least 5 replicas, and the one at ` + at + `16:7 at least 4 (both hold, for example, on Mon 3 Jan 2028 08:00 GMT) — let one end where the other begins`,
		}},
		// Dublin is an hour ahead of UTC in summer only.
		{"schedules that contradict in summer", scheduled(
			`{days: mon-fri, from: "18:00", to: "20:00", timeZone: Europe/Dublin, min: 3}`,
			`{days: mon-fri, from: "17:00", to: "18:00", timeZone: UTC, min: 4}`), []string{
			at + `17:7: two schedules contradict: this one wants at least 4 replicas, and the one at ` + at + `16:7 at least 3 (both hold, for example, on Mon 27 Mar 2028 18:00 IST) — let one end where the other begins`,
		}},
		// More on a date than on its day of the week is an exception; less would do nothing.
		{"schedules of dates", scheduled(
			`{days: mon-fri, from: "08:00", to: "18:00", timeZone: UTC, min: 4}`,
			`{start: 0 8 24 11 *, end: 0 8 1 12 *, timeZone: UTC, min: 8}`,
			`{start: 0 8 24 12 *, end: 0 8 2 1 *, timeZone: UTC, min: 3}`,
			`{start: 0 0 30 11 *, end: 0 0 25 12 *, timeZone: UTC, min: 9}`), []string{
			at + `18:7: two schedules contradict: this one wants at least 3 replicas, and the one at ` + at + `16:7 at least 4 (both hold, for example, on Mon 25 Dec 2028 08:00 UTC) — let one end where the other begins`,
			at + `19:7: two schedules contradict: this one wants at least 9 replicas, and the one at ` + at + `17:7 at least 8 (both hold, for example, on Thu 30 Nov 2028 00:00 UTC) — let one end where the other begins`,
			at + `19:7: two schedules contradict: this one wants at least 9 replicas, and the one at ` + at + `18:7 at least 3 (both hold, for example, on Sun 24 Dec 2028 08:00 UTC) — let one end where the other begins`,
		}},
		{"schedules without effect", []edit{
			{sentiment, replicas, "replicas: {min: 2, max: 2}\n  scaling: {schedules: [{from: \"08:00\", to: \"18:00\", timeZone: UTC, min: 3}]}\n  placement: {regions: [north]}"},
			{north, "autoscaler: karpenter", "autoscaler: karpenter\n    scaling: {metricsAdapter: true}"},
		}, []string{
			at + `13:24: schedules change nothing, because replicas are 2 always in cluster north-staging — raise replicas.max, or override it there with scaling: {schedules: []}`,
			at + `13:24: schedules need KEDA, and cluster north-production scales by HPAs — override it there with scaling: {schedules: []}`,
		}},
		{"a schedule beyond the quota", []edit{
			{sentiment, replicas, "replicas: {min: 2, max: 20}\n  scaling: {schedules: [{from: \"08:00\", to: \"18:00\", timeZone: UTC, min: 20}]}\n  placement: {environments: [production], regions: [north]}"},
		}, []string{
			`tenants/acme/tenant.yaml:14:11: quota.gpus is 8, but the fewest replicas and a rolling update need 21 in cluster north-production (at least sentiment 21×1) — raise the quota, or lower the models' replicas.min or resources`,
		}},
		{"traffic in a time zone that there is not", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 40}]\n    otherwise: 1\n    timeZone: Europe/Dubin"},
		}, []string{
			at + `16:15: there is no time zone "Europe/Dubin" (a name of the IANA time zone database, such as Europe/Dublin or UTC) — did you mean "Europe/Dublin"?`,
		}},
		{"traffic beyond the environment's limit", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 400}]\n    otherwise: 1\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}"},
			{acme, "gpus: 8", "gpus: 20"},
			{production, "replicas: 20", "replicas: 19"},
		}, []string{
			at + `12:3: the traffic of model sentiment asks for up to 20 replicas: 400 requests/s (sun 09:00) ÷ (50 a replica × 70 %) = 12, and headroom (at most 19 in environment production) — correct throughputPerReplica or the requests per second, or override replicas.max for that environment`,
		}},
		{"traffic whose schedules are beyond the environment's limit", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 400}]\n    otherwise: 1\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}"},
			{acme, "gpus: 8", "gpus: 20"},
			{production, "replicas: 20", "replicas: 14"},
		}, []string{
			at + `12:3: the traffic of model sentiment asks for up to 20 replicas: 400 requests/s (sun 09:00) ÷ (50 a replica × 70 %) = 12, and headroom (at most 14 in environment production) — correct throughputPerReplica or the requests per second, or override replicas.min and max for that environment`,
		}},
		{"traffic beyond the limit, measured", []edit{
			{sentiment, replicas, "traffic: {throughputPerReplica: 50, measurements: web}\n  placement: {environments: [production], regions: [north]}"},
			{"tenants/acme/traffic/web.csv", "", measurements(400)},
			{acme, "gpus: 8", "gpus: 20"},
			{production, "replicas: 20", "replicas: 19"},
		}, []string{
			at + `12:3: the traffic of model sentiment asks for up to 20 replicas: 400 requests/s (sun 09:00) ÷ (50 a replica × 70 %) = 12, and headroom (at most 19 in environment production) — correct throughputPerReplica or tenants/acme/traffic/web.csv, or override replicas.max for that environment`,
		}},
		{"traffic beyond the limit, and an override within", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 400}]\n    otherwise: 1\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}\n  overrides: [{match: {environment: production}, replicas: {max: 19}}]"},
			{acme, "gpus: 8", "gpus: 20"},
			{production, "replicas: 20", "replicas: 19"},
		}, []string{}},
		{"traffic beyond the quota", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 400}]\n    otherwise: 1\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}"},
		}, []string{
			`tenants/acme/tenant.yaml:14:11: quota.gpus is 8, but the fewest replicas and a rolling update need 16 in cluster north-production (at least sentiment 16×1) — raise the quota, lower the models' replicas.min or resources, or correct the traffic of sentiment: 400 requests/s (sun 09:00) ÷ (50 a replica × 70 %) = 12, and headroom`,
		}},
		{"traffic whose quietest hour is beyond the nodes", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 400}]\n    otherwise: 390\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}"},
			{acme, "gpus: 8", "gpus: 20"},
		}, []string{
			at + `12:3: replicas.min is 15 and a rolling update adds 1, but the pools of cluster north-production that offer 1 a10g (exclusive) hold 10 (computed from the traffic of its quietest hour, sun 00:00) — correct throughputPerReplica or the requests per second, or ask the platform team for more maxNodes`,
		}},
		{"traffic that leaves no replica where nothing wakes it", []edit{
			{sentiment, replicas, "traffic:\n    throughputPerReplica: 50\n    profile: [{hours: 9-17, requestsPerSecond: 40}]\n    otherwise: 0\n    timeZone: UTC\n  placement: {environments: [production], regions: [north]}"},
			{acme, "    batching: {maxSize: 16}\n", "    batching: {maxSize: 16}\n    replicas: {min: 0}\n"},
			{"tenants/acme/models/ranker.yaml", "gpu: none", "gpu: none\n  replicas: {min: 1, max: 2}"},
			{north, "autoscaler: karpenter", "autoscaler: karpenter\n    scaling: {metricsAdapter: true}"},
		}, []string{
			at + `12:3: scaling to zero needs KEDA, and cluster north-production scales by HPAs — override replicas there: the traffic leaves none at sun 00:00`,
		}},
		{"a model that nothing would wake", []edit{
			{sentiment, replicas, "replicas: {min: 0, max: 4}\n  placement: {regions: [north]}"},
			{north, "autoscaler: karpenter", "autoscaler: karpenter\n    scaling: {metricsAdapter: true}"},
		}, []string{
			at + `12:19: nothing would wake model sentiment in cluster north-staging once it has no replicas (a schedule, or a gateway that counts requests (scaling.wakeBy of the cluster)) — add scaling.schedules, or override replicas.min there`,
			at + `12:19: scaling to zero needs KEDA, and cluster north-production scales by HPAs — override replicas.min there`,
		}},
		{name: "a model that its gateway wakes", edits: []edit{
			{sentiment, replicas, "replicas: {min: 0, max: 4}\n  placement: {environments: [production], regions: [north]}"},
			{north, "autoscaler: karpenter", "autoscaler: karpenter\n    scaling: {wakeBy: istio}"},
		}},
		{name: "a model that a schedule wakes", edits: []edit{
			{sentiment, replicas, "replicas: {min: 0, max: 4}\n  scaling: {schedules: [{from: \"08:00\", to: \"18:00\", timeZone: UTC, min: 1}]}"},
		}},
		{"a model that no gateway leads to", []edit{
			{sentiment, replicas + "\n  expose: {hostname: sentiment}", "replicas: {min: 0, max: 4}\n  placement: {environments: [production], regions: [north]}"},
			{north, "autoscaler: karpenter", "autoscaler: karpenter\n    scaling: {wakeBy: istio}"},
		}, []string{
			at + `12:19: nothing would wake model sentiment once it has no replicas, because no gateway leads to it — add expose or scaling.schedules, or raise replicas.min`,
		}},
		{"a model that sleeps beside its canary", []edit{
			{sentiment, replicas + "\n  expose: {hostname: sentiment}\n", "replicas: {min: 0, max: 4}\n" + canary + "10\n"},
		}, []string{
			at + `12:19: spec.replicas.min is 0 (at least 1 with a canary: a model that sleeps has nothing to compare with; with all defaults and overrides of cluster north-production)`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			inputs := fleettest.Small(t)
			for _, e := range tc.edits {
				if e.old == "" {
					fleettest.Add(inputs, e.file, e.new)
					continue
				}
				fleettest.Edit(t, inputs, e.file, e.old, e.new)
			}
			var got []string
			for _, f := range findings(t, inputs) {
				got = append(got, f.String())
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}
