package observing

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// readStrictly reads a dashboard as Grafana's own types do: they are generated from the schema
// that Grafana publishes, and refuse what it does not have. Panels and their queries are read
// one by one, because the types that hold them read them less strictly.
func readStrictly(text string) (panels []dashboard.Panel, err error) {
	runtime := cog.NewRuntime()
	runtime.RegisterPanelcfgVariant(timeseries.VariantConfig())
	runtime.RegisterDataqueryVariant(prometheus.VariantConfig())
	var parts map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &parts); err != nil {
		return nil, err
	}
	var raw []json.RawMessage
	if err := json.Unmarshal(parts["panels"], &raw); err != nil {
		return nil, err
	}
	parts["panels"] = json.RawMessage("[]")
	rest, err := json.Marshal(parts)
	if err != nil {
		return nil, err
	}
	if err := strictly(new(dashboard.Dashboard), rest); err != nil {
		return nil, err
	}
	for _, one := range raw {
		if bytes.Contains(one, []byte(`"type": "row"`)) {
			if err := strictly(new(dashboard.RowPanel), one); err != nil {
				return nil, err
			}
			continue
		}
		var p dashboard.Panel
		if err := strictly(&p, one); err != nil {
			return nil, err
		}
		panels = append(panels, p)
		var of struct{ Targets []json.RawMessage }
		if err := json.Unmarshal(one, &of); err != nil {
			return nil, err
		}
		for _, target := range of.Targets {
			if err := strictly(new(prometheus.Dataquery), target); err != nil {
				return nil, err
			}
		}
	}
	return panels, nil
}

// strictly reads one of Grafana's types. Some of the generated functions give an empty list of
// errors for none.
func strictly(into interface {
	UnmarshalJSONStrict(raw []byte) error
	Validate() error
}, raw []byte) error {
	for _, err := range []error{into.UnmarshalJSONStrict(raw), into.Validate()} {
		var found cog.BuildErrors
		if err != nil && (!errors.As(err, &found) || len(found) > 0) {
			return err
		}
	}
	return nil
}

func dashboardText(t *testing.T) string {
	t.Helper()
	_, p, _ := workloadtest.Fixture(t)
	return Dashboard(p).Data["mlfleet-acme.json"]
}

func decoded(t *testing.T) []dashboard.Panel {
	t.Helper()
	panels, err := readStrictly(dashboardText(t))
	if err != nil {
		t.Fatal(err)
	}
	return panels
}

func TestStrictReadingRefusesWhatGrafanaLacks(t *testing.T) {
	text := dashboardText(t)
	for _, change := range [][2]string{
		{`"refresh": "1m"`, `"refersh": "1m"`},
		{`"legendFormat": "{{model}}"`, `"legend": "{{model}}"`},
		{`"fillOpacity": 10`, `"fillOpacity": "ten"`},
		{`"fiscalYearStartMonth": 0`, `"fiscalYearStartMonth": 12`},
	} {
		if !strings.Contains(text, change[0]) {
			t.Errorf("the dashboard has no %s", change[0])
		}
		if _, err := readStrictly(strings.Replace(text, change[0], change[1], 1)); err == nil {
			t.Errorf("%s was read", change[1])
		}
	}
}

func TestDashboardIsOneThatGrafanaReads(t *testing.T) {
	ids := map[uint32]bool{}
	places := map[[2]uint32]string{}
	for _, p := range decoded(t) {
		if len(p.Targets) == 0 {
			t.Errorf("%q asks for nothing", *p.Title)
		}
		if ids[*p.Id] {
			t.Errorf("two panels have the number %d", *p.Id)
		}
		ids[*p.Id] = true
		at := [2]uint32{p.GridPos.X, p.GridPos.Y}
		if other, taken := places[at]; taken {
			t.Errorf("%q lies on %q", *p.Title, other)
		}
		places[at] = *p.Title
	}
}

// Grafana refuses a uid of more than 40 characters, and a tenant's name may have as many.
func TestDashboardsUIDFits(t *testing.T) {
	for _, name := range []string{"acme", strings.Repeat("a", 40)} {
		if uid := dashboardUID(&fleet.Tenant{Name: name}); len(uid) > 40 || !strings.HasPrefix(uid, "mlfleet-a") {
			t.Errorf("uid is %q", uid)
		}
	}
}

// A name that stood where it should not, or not where it should, would be another tenant's.
func TestDashboardIsBuiltForItsTenant(t *testing.T) {
	for _, name := range []string{"acme", "tenant", "mlfleet", strings.Repeat("a", 40)} {
		tenant := &fleet.Tenant{Name: name}
		if dashboardJSON(tenant) != builtDashboard(tenant) {
			t.Errorf("the dashboard of %s is not what is built for it", name)
		}
	}
}

func BenchmarkDashboard(b *testing.B) {
	tenant := &fleet.Tenant{Name: "acme"}
	b.Run("built", func(b *testing.B) {
		for b.Loop() {
			builtDashboard(tenant)
		}
	})
	b.Run("filled in", func(b *testing.B) {
		for b.Loop() {
			dashboardJSON(tenant)
		}
	})
}

// What people look for on a dashboard of a model.
func TestDashboardShows(t *testing.T) {
	var titles []string
	for _, p := range decoded(t) {
		titles = append(titles, *p.Title)
	}
	for _, want := range []string{
		"Request rate", "Latency", "Running pods", "Restarts", "Average CPU", "Memory per pod", "CPU per pod", "Error rate",
		"GPU utilisation", "GPU memory", "Queue length", "Batch size",
	} {
		if !slices.Contains(titles, want) {
			t.Errorf("there is no panel %q among %q", want, titles)
		}
	}
}

// A dashboard that another tenant's models showed up on would show what is not theirs to see.
func TestDashboardAsksForItsTenantOnly(t *testing.T) {
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(dashboardText(t)), &d); err != nil {
		t.Fatal(err)
	}
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			for i, part := range strings.Split(target.Expr, "{") {
				if i > 0 && !strings.HasPrefix(part, `namespace="tenant-acme",`) && !strings.HasPrefix(part, `exported_namespace="tenant-acme",`) &&
					!strings.HasPrefix(part, "1,10}") && !strings.HasPrefix(part, "5}") { // of the expression for pods' names
					t.Errorf("%s asks for %s without its namespace", panel.Title, part)
				}
			}
		}
	}
}
