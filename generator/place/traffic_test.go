package place_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/internal/fleettest"
)

const south = "regions/south.yaml"

// asked is the small fleet with the traffic of sentiment instead of its replicas.
func asked(t *testing.T, traffic string) fstest.MapFS {
	t.Helper()
	inputs := fleettest.Small(t)
	fleettest.Edit(t, inputs, sentiment, "  replicas: {min: 2, max: 4}\n", "  traffic:\n    "+strings.ReplaceAll(traffic, "\n", "\n    ")+"\n")
	return inputs
}

// fourWeeks are measurements: ten times as many requests from nine to five, UTC.
func fourWeeks() string {
	var b strings.Builder
	b.WriteString("time,requestsPerSecond\n")
	monday := time.Date(2026, time.September, 7, 0, 0, 0, 0, time.UTC)
	for at := monday; at.Before(monday.AddDate(0, 0, 28)); at = at.Add(time.Hour) {
		rate := 20
		if at.Hour() >= 9 && at.Hour() < 17 {
			rate = 200
		}
		fmt.Fprintf(&b, "%s,%d\n", at.Format(time.RFC3339), rate)
	}
	return b.String()
}

const profile = `throughputPerReplica: 50
profile:
- {days: mon-fri, hours: 9-17, requestsPerSecond: 200}
otherwise: 20
timeZone: Europe/Dublin`

// Replicas and schedules come out of a profile as if somebody had written them, at
// the line of the traffic, and a later override of replicas is used instead.
func TestTrafficBecomesReplicas(t *testing.T) {
	inputs := asked(t, profile)
	fleettest.Edit(t, inputs, sentiment, "  expose: {hostname: sentiment}\n", `  expose: {hostname: sentiment}
  overrides:
  - match: {region: south}
    traffic: {throughputPerReplica: 100, timeZone: America/New_York}
  - match: {environment: staging}
    replicas: {min: 1, max: 2}
`)
	fleettest.Edit(t, inputs, acme, "gpus: 8", "gpus: 20")
	acme := good(t, inputs).Tenant("acme")
	for where, want := range map[string]struct {
		needed, min, max int32
		schedules        string
	}{
		"north-production": {6, 2, 10, "[{Days:mon,tue,wed,thu,fri From:08:50 To:17:00 Start: End: TimeZone:Europe/Dublin Min:8}]"},
		"south-production": {3, 2, 5, "[{Days:mon,tue,wed,thu,fri From:08:50 To:17:00 Start: End: TimeZone:America/New_York Min:4}]"},
		"south-staging":    {0, 1, 2, "[]"},
	} {
		m := model(t, acme.Placement(where), "sentiment")
		if got := m.Spec.Replicas; got != (fleet.Replicas{Min: want.min, Max: want.max}) {
			t.Errorf("%s: %+v", where, got)
		}
		if got := fmt.Sprintf("%+v", m.Spec.Scaling.Schedules); got != want.schedules {
			t.Errorf("%s: %s", where, got)
		}
		if (m.Plan == nil) != (want.needed == 0) || m.Plan != nil && m.Plan.Needed != want.needed {
			t.Errorf("%s: the plan is %+v", where, m.Plan)
		}
	}
	north, south := model(t, acme.Placement("north-production"), "sentiment"), model(t, acme.Placement("south-production"), "sentiment")
	if got := north.Origins.Origin("replicas", "max"); got.Line != 12 || got.Layer != "traffic of the model sentiment" {
		t.Errorf("the most replicas are from %+v", got)
	}
	if got := south.Origins.Origin("scaling", "schedules", "0", "min"); got.Layer != "traffic of the override 1 of model sentiment" {
		t.Errorf("the schedule is from %+v", got)
	}
	if model(t, acme.Base, "sentiment").Plan == nil {
		t.Error("the base has no plan")
	}
}

// A later layer may want more replicas at the most, or fewer, as long as the schedules
// stay within: the rest is computed as before. The fewest without the most, which
// would give up the plan for the default's, is worth a warning.
func TestCeilingKeepsThePlan(t *testing.T) {
	override := func(replicas string) fstest.MapFS {
		inputs := asked(t, profile)
		fleettest.Edit(t, inputs, sentiment, "  expose: {hostname: sentiment}\n", "  expose: {hostname: sentiment}\n  overrides:\n  - match: {cluster: north-production}\n    replicas: "+replicas+"\n")
		fleettest.Edit(t, inputs, acme, "gpus: 8", "gpus: 20")
		return inputs
	}
	for _, most := range []int32{8, 9, 40} {
		m := model(t, good(t, override(fmt.Sprintf("{max: %d}", most))).Tenant("acme").Placement("north-production"), "sentiment")
		if m.Spec.Replicas != (fleet.Replicas{Min: 2, Max: most}) || len(m.Spec.Scaling.Schedules) != 1 || m.Plan == nil || m.Plan.Replicas.Max != 10 {
			t.Errorf("at most %d: %+v, %+v", most, m.Spec.Replicas, m.Spec.Scaling.Schedules)
		}
		if at := m.Origins.Origin("replicas", "max"); at.Layer != "override 1 of model sentiment" || at.Line != 21 {
			t.Errorf("the most are from %+v", at)
		}
	}
	const at = "tenants/acme/models/sentiment.yaml:21:"
	for replicas, want := range map[string]string{
		"{max: 7}": at + `21: replicas.max is 7, and the traffic asks for 8: 200 requests/s (mon 09:00) ÷ (50 a replica × 70 %) = 6, and headroom (at least 8) — raise it, or set replicas.min too, which takes the place of traffic`,
		"{min: 4}": at + `21: warning: replicas.min takes the place of traffic, and leaves replicas.max at 10, the schema default (both, or replicas.max alone, which keeps what is computed) — add replicas.max`,
	} {
		if _, said := placed(t, override(replicas)); len(said) != 1 || said[0] != want {
			t.Errorf("%s: got\n%s\nwant\n%s", replicas, strings.Join(said, "\n"), want)
		}
	}
}

// An HPA keeps no schedules, so none are planned where one scales.
func TestTrafficWithoutKEDA(t *testing.T) {
	inputs := asked(t, profile)
	fleettest.Edit(t, inputs, acme, "gpus: 8", "gpus: 20")
	text := string(inputs[south].Data)
	inputs[south] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(text, "    endpoints:", "    scaling: {metricsAdapter: true}\n    endpoints:"))}
	acme := good(t, inputs).Tenant("acme")
	north, south := model(t, acme.Placement("north-production"), "sentiment"), model(t, acme.Placement("south-production"), "sentiment")
	if len(north.Spec.Scaling.Schedules) != 1 || len(south.Spec.Scaling.Schedules) != 0 || south.Spec.Replicas != north.Spec.Replicas || south.Plan == nil {
		t.Errorf("%+v and %+v", north.Spec.Scaling.Schedules, south.Spec.Scaling.Schedules)
	}
}

// Measurements are forecast, and the forecast's quality is kept for the reader. What
// lacks in the model its overrides may say.
func TestMeasurementsBecomeReplicas(t *testing.T) {
	inputs := asked(t, "measurements: web")
	fleettest.Edit(t, inputs, sentiment, "  expose: {hostname: sentiment}\n", `  expose: {hostname: sentiment}
  overrides:
  - match: {environment: staging}
    replicas: {min: 1, max: 2}
  - match: {environment: production}
    traffic: {throughputPerReplica: 50}
`)
	fleettest.Edit(t, inputs, acme, "gpus: 8", "gpus: 20")
	fleettest.Add(inputs, "tenants/acme/traffic/web.csv", fourWeeks())
	acme := good(t, inputs).Tenant("acme")
	m := model(t, acme.Placement("north-production"), "sentiment")
	want := "[{Days: From:08:50 To:17:00 Start: End: TimeZone:UTC Min:8}]"
	if got := fmt.Sprintf("%+v", m.Spec.Scaling.Schedules); got != want || m.Spec.Replicas != (fleet.Replicas{Min: 2, Max: 10}) {
		t.Errorf("%+v and %s", m.Spec.Replicas, got)
	}
	if f := m.Plan.Forecast; f == nil || *f != (fleet.ForecastQuality{Weeks: 4, TestWeeks: 2}) {
		t.Errorf("the forecast is %+v", f)
	}
	if base := model(t, acme.Base, "sentiment"); base.Plan != nil {
		t.Errorf("the base is planned from nothing: %+v", base.Plan)
	}
}

func TestTrafficRefused(t *testing.T) {
	const at = "tenants/acme/models/sentiment.yaml:"
	with := func(files map[string]string, traffic string) fstest.MapFS {
		inputs := asked(t, traffic)
		for name, text := range files {
			fleettest.Add(inputs, "tenants/acme/traffic/"+name, text)
		}
		return inputs
	}
	linked := func(file, traffic string) fstest.MapFS {
		inputs := asked(t, traffic)
		inputs[file] = &fstest.MapFile{Mode: fs.ModeSymlink | 0o777, Data: []byte("elsewhere")}
		return inputs
	}
	for name, tc := range map[string]struct {
		inputs fstest.MapFS
		want   []string
	}{
		"entries that contradict": {with(nil, "throughputPerReplica: 50\nprofile:\n- {days: mon-fri, hours: 9-17, requestsPerSecond: 200}\n- {days: fri, hours: 16-20, requestsPerSecond: 90}\notherwise: 20\ntimeZone: UTC"), []string{
			at + `16:7: two entries of the profile contradict (the one at ` + at + `15:7 is also about fri 16:00) — let one end where the other begins`,
		}},
		"a slip of a unit": {with(nil, strings.Replace(profile, "throughputPerReplica: 50", "throughputPerReplica: 0.05", 1)), []string{
			at + `13:5: the traffic needs up to 9144 replicas: 200 requests/s (mon 09:00) ÷ (0.05 a replica × 70 %) = 5715, and headroom (at most 1000) — correct throughputPerReplica or the requests per second`,
		}},
		"measurements that there are not": {with(map[string]string{"web.csv": fourWeeks()}, "throughputPerReplica: 50\nmeasurements: wbe"), []string{
			at + `14:19: there is no file of measurements "wbe" — did you mean "web"?`,
		}},
		"measurements that there are not, and others": {with(map[string]string{"letters.csv": fourWeeks()}, "throughputPerReplica: 50\nmeasurements: web"), []string{
			at + `14:19: there is no file of measurements "web" — use one of letters`,
			`tenants/acme/traffic/letters.csv: no model of the tenant names these measurements — name them with traffic: {measurements: letters}, or remove the file`,
		}},
		"measurements whose name nobody can write": {with(map[string]string{"Web.csv": fourWeeks(), "web.csv": fourWeeks()}, "throughputPerReplica: 50\nmeasurements: web"), []string{
			`tenants/acme/traffic/Web.csv: no model can name measurements that are called "Web" (a name of at most 40 small letters, digits and hyphens that starts with a letter and does not end in a hyphen) — rename the file`,
		}},
		"a link for measurements": {linked("tenants/acme/traffic/web.csv", "throughputPerReplica: 50\nmeasurements: web"), []string{
			`tenants/acme/traffic/web.csv: a symbolic link (input folders hold only files and folders) — replace it by what it points to`,
		}},
		"wrong measurements that nobody names": {with(map[string]string{"web.csv": "time,requestsPerSecond\n"}, profile), []string{
			`tenants/acme/traffic/web.csv:1:1: the file has 0 whole weeks (at least 4) — measure longer, or declare a profile until then`,
		}},
		"measurements that are wrong": {with(map[string]string{"web.csv": "time,requestsPerSecond\n2026-09-07T00:00:00Z,-1\n"}, "throughputPerReplica: 50\nmeasurements: web"), []string{
			`tenants/acme/traffic/web.csv:2:22: -1 requests per second are fewer than none — correct it, or leave out what was not measured, up to whole weeks`,
		}},
		"no throughput": {with(nil, strings.Replace(profile, "throughputPerReplica: 50\n", "", 1)), []string{
			at + `12:3: spec.traffic.throughputPerReplica is missing (requests per second that one replica was measured to serve; with all defaults and overrides of cluster north-production) — add it`,
		}},
	} {
		_, said := placed(t, tc.inputs)
		if said = slices.Compact(said); !slices.Equal(said, tc.want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(said, "\n"), strings.Join(tc.want, "\n"))
		}
	}
	inputs := asked(t, profile)
	fleettest.Edit(t, inputs, acme, "    batching: {maxSize: 16}\n", "    batching: {maxSize: 16}\n    scaling: {schedules: [{from: \"08:00\", to: \"18:00\", timeZone: UTC, min: 3}]}\n")
	_, said := placed(t, inputs)
	want := `tenants/acme/tenant.yaml:24:26: scaling.schedules beside traffic, from which they are computed (either of them) — remove one`
	if said = slices.Compact(said); len(said) != 1 || said[0] != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(said, "\n"), want)
	}
}
