package prometheus

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
	"go.yaml.in/yaml/v3"
)

// firing runs one alert, and what it asks for, as Prometheus does, every step until the
// end, and gives its alerts that fire then. It begins early enough for that one.
func firing(t *testing.T, f *ruleFile, key string, data series, over span) []*rules.Alert {
	t.Helper()
	// There is always somebody else in a Prometheus.
	data = append(data, `up{namespace="monitoring",job="prometheus"} `+always(1, over))
	storage := promqltest.LoadedStorage(t, "load "+over.step.String()+"\n\t"+strings.Join(data, "\n\t")+"\n")
	defer storage.Close()
	manager := rules.NewManager(&rules.ManagerOptions{
		NameValidationScheme: model.UTF8Validation,
		QueryFunc:            rules.EngineQueryFunc(engine(t), storage),
		AppendableV2:         storage,
		Queryable:            storage,
		Context:              context.Background(),
		NotifyFunc:           func(context.Context, string, ...*rules.Alert) {},
		Logger:               promslog.NewNopLogger(),
		Parser:               parser.NewParser(parser.Options{}),
	})
	loaded, errs := manager.LoadGroups(time.Minute, labels.FromStrings("cluster", "us-east-production"), "", nil, false, written(t, f.needed(t, key)))
	if errs != nil {
		t.Fatalf("%s: %v", f.path, errs)
	}
	groups := inOrder(loaded)
	tested := alertingRule(t, groups, key)
	for at := max(0, over.end-tested.HoldDuration()-5*time.Minute); at <= over.end; at += over.step {
		for _, group := range groups {
			group.Eval(context.Background(), time.Unix(0, 0).Add(at))
			for _, r := range group.Rules() {
				if err := r.LastError(); err != nil {
					t.Fatalf("%s after %s: %v", r.Name(), at, err)
				}
			}
		}
	}
	var found []*rules.Alert
	for _, alert := range tested.ActiveAlerts() {
		if alert.State == rules.StateFiring {
			found = append(found, alert)
		}
	}
	return found
}

// engine is Prometheus' own, with the limits of a server.
func engine(t *testing.T) *promql.Engine {
	return promqltest.NewTestEngineWithOpts(t, promql.EngineOpts{
		MaxSamples:           50_000_000,
		Timeout:              10 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
	})
}

func alertingRule(t *testing.T, groups []*rules.Group, key string) *rules.AlertingRule {
	t.Helper()
	for _, group := range groups {
		for _, r := range group.Rules() {
			if a, ok := r.(*rules.AlertingRule); ok && ruleKey(a.Name(), a.Labels().Get("severity"), a.Labels().Get("long_window")) == key {
				return a
			}
		}
	}
	t.Fatalf("no rule %s", key)
	return nil
}

// ruleKey names one alerting rule among a model's.
func ruleKey(alert, severity, window string) string {
	return strings.TrimSpace(alert + " " + severity + " " + window)
}

// written is the rules as a file, which Prometheus reads strictly.
func written(t *testing.T, groups []ruleGroup) string {
	t.Helper()
	data, err := yaml.Marshal(map[string]any{"groups": groups})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// needed are the rules that one alert reads, directly or not, and the alert. The others
// would only cost time: windows of three days hold four thousand samples of each series.
func (f *ruleFile) needed(t *testing.T, key string) []ruleGroup {
	t.Helper()
	names := map[string]bool{}
	for grew := true; grew; {
		grew = false
		f.each(func(r rule) {
			if !r.is(key) && !names[r.Record] {
				return
			}
			for _, name := range asked(t, r.Expr) {
				grew = grew || !names[name]
				names[name] = true
			}
		})
	}
	var out []ruleGroup
	for _, g := range f.Groups {
		g.Rules = slices.DeleteFunc(slices.Clone(g.Rules), func(r rule) bool { return !r.is(key) && !names[r.Record] })
		if len(g.Rules) > 0 {
			out = append(out, g)
		}
	}
	return out
}

func (f *ruleFile) each(with func(r rule)) {
	for _, g := range f.Groups {
		for _, r := range g.Rules {
			with(r)
		}
	}
}

// is says whether a rule is the alert of a key.
func (r rule) is(key string) bool {
	return r.Alert != "" && ruleKey(r.Alert, r.Labels["severity"], r.Labels["long_window"]) == key
}

// inOrder sorts groups so that what is recorded is there when it is asked for. In a
// cluster the groups run side by side and are an interval late at most.
func inOrder(loaded map[string]*rules.Group) []*rules.Group {
	var groups []*rules.Group
	for _, g := range loaded {
		groups = append(groups, g)
	}
	rank := func(g *rules.Group) int {
		recordings := slices.ContainsFunc(g.Rules(), func(r rules.Rule) bool { _, ok := r.(*rules.RecordingRule); return ok })
		if recordings {
			return 0
		}
		return 1
	}
	slices.SortFunc(groups, func(a, b *rules.Group) int { return rank(a) - rank(b) })
	return groups
}
