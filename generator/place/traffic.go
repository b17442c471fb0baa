package place

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/mlfleet/mlfleet/generator/capacity"
	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/input"
	"github.com/mlfleet/mlfleet/generator/load"
	"github.com/mlfleet/mlfleet/generator/suggest"
)

// measured is a tenant's files of measurements.
type measured struct {
	files     []*load.Traffic
	forecasts map[string]*capacity.Forecast // made so far, by file
	used      map[string]bool
}

func newMeasured(files []*load.Traffic) *measured {
	return &measured{files: files, forecasts: map[string]*capacity.Forecast{}, used: map[string]bool{}}
}

// nameable are the files that a model can name; the others are reported.
func (p *placer) nameable(files []*load.Traffic) []*load.Traffic {
	var out []*load.Traffic
	for _, file := range files {
		at := fleet.Position{File: file.File}
		name := &input.Value{Position: at, Kind: input.String, Text: file.Name}
		findings, err := p.rules.Check("#TrafficProfile", &input.Value{Position: at, Kind: input.Map, Fields: []input.Field{{Position: at, Name: "measurements", Value: name}}}, "traffic")
		p.err = cmp.Or(p.err, err)
		if len(findings) == 0 {
			out = append(out, file)
			continue
		}
		p.refuse(at, fmt.Sprintf("no model can name measurements that are called %q", file.Name), findings[0].Expected, "rename the file")
	}
	return out
}

// find returns the file that models call by that name, or nil.
func (m *measured) find(name string) *load.Traffic {
	for _, file := range m.files {
		if file.Name == name {
			return file
		}
	}
	return nil
}

// forecast is that of a file, made once.
func (m *measured) forecast(file *load.Traffic) *capacity.Forecast {
	if m.forecasts[file.Name] == nil {
		f := file.Measurements.Forecast()
		m.forecasts[file.Name] = &f
	}
	return m.forecasts[file.Name]
}

// unusedMeasurements reports files that no model names. One that is wrong is reported
// already.
func (p *placer) unusedMeasurements(m *measured) {
	for _, file := range m.files {
		if !m.used[file.Name] && file.Measurements != nil {
			p.refuse(fleet.Position{File: file.File}, "no model of the tenant names these measurements", "",
				"name them with traffic: {measurements: "+file.Name+"}, or remove the file")
		}
	}
}

// withoutIdleTraffic takes a model's traffic out where nothing is computed from it:
// where a later layer sets the fewest replicas. The most alone only bound a plan.
func (m *modelDoc) withoutIdleTraffic(layers stack, merged *input.Value) *input.Value {
	traffic := merged.Get("traffic")
	if traffic == nil {
		return merged
	}
	if name := traffic.Get("measurements"); name != nil {
		m.measured.used[name.Text] = true
	}
	computed, least := layers.top("traffic"), layers.top("replicas", "min")
	if least < computed {
		return merged
	}
	if layers.top("replicas", "max") < computed {
		m.warn(layers[least].root.At("replicas", "min").Position,
			fmt.Sprintf("replicas.min takes the place of traffic, and leaves replicas.max at %s, %s", merged.At("replicas", "max").Text, from(layers.Origin("replicas", "max"))),
			"both, or replicas.max alone, which keeps what is computed", "add replicas.max")
	}
	return merged.Without("traffic")
}

// from says where a value was set.
func from(o fleet.Origin) string {
	if o.Layer == fleet.SchemaDefault {
		return "the " + o.Layer
	}
	return fmt.Sprintf("from the %s at %s", o.Layer, o.Position)
}

// planned computes a model's replicas from its traffic. What comes out is a layer of
// its own, at the place of traffic, so that everything after sees replicas and
// schedules like any others. It is not ok where the traffic is wrong, which is
// reported.
func (m *modelDoc) planned(layers stack, merged *input.Value, c *fleet.Cluster) (stack, *input.Value, *fleet.CapacityPlan, bool) {
	traffic := merged.Get("traffic")
	if traffic == nil || c == nil && !complete(traffic) {
		return layers, merged, nil, true
	}
	if schedules := merged.At("scaling", "schedules"); schedules != nil && len(schedules.Items) > 0 {
		m.refuse(schedules.Position, "scaling.schedules beside traffic, from which they are computed", "either of them", "remove one")
		return nil, nil, nil, false
	}
	plan := m.plan(merged, traffic)
	if plan == nil {
		return nil, nil, nil, false
	}
	replicas, ok := m.bounds(layers, traffic, plan)
	if !ok {
		return nil, nil, nil, false
	}
	if c != nil && c.Spec.Scaling.MetricsAdapter { // an HPA keeps no schedules
		plan.Schedules, plan.Levels = nil, nil
	}
	top := layers.top("traffic")
	at := layers[top].root.Field("traffic").Position
	computed := layer{fleet.TrafficLayer + layers[top].name, planValue(plan, replicas, at)}
	return slices.Insert(slices.Clone(layers), top+1, computed), merged.Merge(computed.root), plan, true
}

// complete says whether there is enough to compute from. In no cluster in particular
// there need not be: the overrides may say the rest.
func complete(traffic *input.Value) bool {
	return traffic.Get("throughputPerReplica") != nil && (traffic.Get("profile") != nil || traffic.Get("measurements") != nil)
}

// top is the highest layer that sets a value, or -1.
func (s stack) top(path ...string) int {
	for i, l := range slices.Backward(s) {
		if i > 0 && l.root.At(path...) != nil {
			return i
		}
	}
	return -1
}

// plan is the arithmetic; nil where the traffic is wrong.
func (m *modelDoc) plan(merged, traffic *input.Value) *fleet.CapacityPlan {
	var t fleet.TrafficProfile
	m.decode(traffic, &t)
	floor, _ := strconv.ParseInt(merged.At("replicas", "min").Text, 10, 32) // the schema let nothing else through
	lead, _ := time.ParseDuration(merged.At("startup", "timeout").Text)
	if t.Measurements == "" {
		week, conflict := capacity.FromProfile(&t)
		if conflict != nil {
			items := traffic.Get("profile").Items
			m.refuse(items[conflict.Second].Position, "two entries of the profile contradict",
				fmt.Sprintf("the one at %s is also about %s", items[conflict.First].Position, conflict.Hour), "let one end where the other begins")
			return nil
		}
		return capacity.Plan(week, t, t.TimeZone, int32(floor), lead)
	}
	file := m.measured.find(t.Measurements)
	if file == nil {
		var known []string
		for _, f := range m.measured.files {
			known = append(known, f.Name)
		}
		m.unknown(traffic.Get("measurements").Position, "file of measurements", t.Measurements, known)
		m.measured.used[suggest.Nearest(t.Measurements, known)] = true // the file that was meant
		return nil
	}
	if file.Measurements == nil { // which is reported
		return nil
	}
	forecast := m.measured.forecast(file)
	plan := capacity.Plan(forecast.Planned, t, file.Measurements.TimeZone, int32(floor), lead)
	plan.Forecast = &fleet.ForecastQuality{
		Weeks: forecast.Weeks, TestWeeks: forecast.Test.Weeks,
		Error: forecast.Test.Error, NaiveError: forecast.Test.Naive, Above: forecast.Test.Above,
	}
	return plan
}

// mostReplicas is what the schema allows.
const mostReplicas = 1000

// bounds are a plan's replicas, with the most that a later layer wants instead. They
// are not ok where that is fewer than the plan has ready, or where nobody can have
// meant the plan; which is reported.
func (m *modelDoc) bounds(layers stack, traffic *input.Value, plan *fleet.CapacityPlan) (fleet.Replicas, bool) {
	replicas := plan.Replicas
	if top := layers.top("replicas", "max"); top > layers.top("traffic") {
		most := layers[top].root.At("replicas", "max")
		m.decode(most, &replicas.Max)
		if replicas.Max < plan.Scheduled {
			m.refuse(most.Position, fmt.Sprintf("replicas.max is %d, and the traffic asks for %d: %s", replicas.Max, plan.Scheduled, plan.Reason()),
				fmt.Sprintf("at least %d", plan.Scheduled), "raise it, or set replicas.min too, which takes the place of traffic")
			return replicas, false
		}
	}
	if replicas.Max > mostReplicas {
		m.refuse(traffic.Position, fmt.Sprintf("the traffic needs up to %d replicas: %s", replicas.Max, plan.Reason()), fmt.Sprintf("at most %d", mostReplicas),
			"correct throughputPerReplica or the requests per second")
		return replicas, false
	}
	return replicas, true
}

// planValue writes a plan as settings, all at one place.
func planValue(plan *fleet.CapacityPlan, replicas fleet.Replicas, at fleet.Position) *input.Value {
	text := func(s string) *input.Value { return &input.Value{Position: at, Kind: input.String, Text: s} }
	number := func(n int32) *input.Value {
		return &input.Value{Position: at, Kind: input.Int, Text: strconv.Itoa(int(n))}
	}
	settings := func(fields ...input.Field) *input.Value {
		for i := range fields {
			fields[i].Position = at
		}
		return &input.Value{Position: at, Kind: input.Map, Fields: fields}
	}
	schedules := &input.Value{Position: at, Kind: input.List}
	for _, s := range plan.Schedules {
		item := settings(
			input.Field{Name: "from", Value: text(s.From)},
			input.Field{Name: "to", Value: text(s.To)},
			input.Field{Name: "timeZone", Value: text(s.TimeZone)},
			input.Field{Name: "min", Value: number(s.Min)})
		if s.Days != "" {
			item.Fields = append(item.Fields, input.Field{Position: at, Name: "days", Value: text(s.Days)})
		}
		schedules.Items = append(schedules.Items, *item)
	}
	return settings(
		input.Field{Name: "replicas", Value: settings(
			input.Field{Name: "min", Value: number(replicas.Min)},
			input.Field{Name: "max", Value: number(replicas.Max)})},
		input.Field{Name: "scaling", Value: settings(input.Field{Name: "schedules", Value: schedules})})
}
