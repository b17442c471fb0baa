package prometheus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// contractRow is a line of the table of metrics in the contract. The inference server's tests
// compare that table with what a running server's /metrics says, name by name, so that it is the
// list for both sides.
var contractRow = regexp.MustCompile("^\\| `([a-z_]+)` \\| (gauge|counter|histogram)\\b")

// exported is every metric that somebody exports: the included server, and those whose names
// stand in testdata/metrics.
func exported(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	for _, line := range lines(t, "../../docs/contract.md") {
		row := contractRow.FindStringSubmatch(line)
		if row == nil {
			continue
		}
		suffixes := []string{""}
		if row[2] == "histogram" {
			suffixes = []string{"_bucket", "_sum", "_count"}
		}
		for _, suffix := range suffixes {
			names[row[1]+suffix] = "server"
		}
	}
	if len(names) == 0 {
		t.Fatal("docs/contract.md has no table of metrics")
	}
	files, err := filepath.Glob("testdata/metrics/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no lists of metrics: ", err)
	}
	for _, file := range files {
		for _, name := range lines(t, file) {
			names[name] = strings.TrimSuffix(filepath.Base(file), ".txt")
		}
	}
	return names
}

func lines(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

// asked are the metrics that an expression names.
func asked(t *testing.T, expr string) []string {
	t.Helper()
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(expr)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
		return nil
	}
	var names []string
	parser.Inspect(parsed, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			if selector.Name == "" {
				t.Errorf("%s selects by no name", expr)
			}
			names = append(names, selector.Name)
		}
		return nil
	})
	return names
}

// An alert on a metric that nobody exports never comes, and a panel on one stays empty.
func TestRulesAskForWhatIsExported(t *testing.T) {
	known := exported(t)
	for _, f := range ruleFiles(t) {
		var recorded []string
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				recorded = append(recorded, r.Record)
			}
		}
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				for _, name := range asked(t, r.Expr) {
					if known[name] == "" && !slices.Contains(recorded, name) {
						t.Errorf("%s: %s%s asks for %s, which nobody exports or records", f.path, r.Alert, r.Record, name)
					}
				}
			}
		}
	}
}

// A query for nothing fails its trigger, and the model no longer scales down.
func TestScalersAskForWhatIsExported(t *testing.T) {
	known, triggers := exported(t), 0
	manifests(t, func(path string, o object) {
		if o.Kind != "ScaledObject" {
			return
		}
		for _, query := range scalerQueries(t, o) {
			triggers++
			for _, name := range asked(t, query) {
				if known[name] == "" {
					t.Errorf("%s: %s scales by %s, which nobody exports", path, o.Metadata.Name, name)
				}
			}
		}
	})
	if triggers == 0 {
		t.Error("nothing scales by Prometheus")
	}
}

func scalerQueries(t *testing.T, o object) []string {
	t.Helper()
	var spec struct {
		Triggers []struct {
			Type     string            `yaml:"type"`
			Metadata map[string]string `yaml:"metadata"`
		} `yaml:"triggers"`
	}
	if err := o.Spec.Decode(&spec); err != nil {
		t.Fatalf("%s: %v", o.Metadata.Name, err)
	}
	var out []string
	for _, trigger := range spec.Triggers {
		if trigger.Type == "prometheus" {
			out = append(out, trigger.Metadata["query"])
		}
	}
	return out
}

func TestDashboardsAskForWhatIsExported(t *testing.T) {
	known := exported(t)
	recorded := map[string]bool{}
	for _, f := range ruleFiles(t) {
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				recorded[r.Record] = true
			}
		}
	}
	panels := 0
	manifests(t, func(path string, o object) {
		if o.Metadata.Labels["grafana_dashboard"] != "1" {
			return
		}
		for _, text := range o.Data {
			for _, expr := range queries(t, text) {
				panels++
				for _, name := range asked(t, expr) {
					if known[name] == "" && !recorded[name] {
						t.Errorf("%s: a panel asks for %s, which nobody exports or records", path, name)
					}
				}
			}
		}
	})
	if panels == 0 {
		t.Error("no dashboard asks for anything")
	}
}

var variable = regexp.MustCompile(`\$model\b`)

// queries are those of a dashboard, as Grafana sends them when all models are chosen.
func queries(t *testing.T, text string) []string {
	t.Helper()
	var d struct {
		Panels []struct {
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			out = append(out, variable.ReplaceAllString(target.Expr, "(sentiment|ranker)"))
		}
	}
	return out
}

// A list of what nobody asks for would go stale unseen.
func TestListsHoldWhatIsAskedFor(t *testing.T) {
	used := map[string]bool{}
	use := func(exprs ...string) {
		for _, expr := range exprs {
			for _, name := range asked(t, expr) {
				used[name] = true
			}
		}
	}
	for _, f := range ruleFiles(t) {
		for _, g := range f.Groups {
			for _, r := range g.Rules {
				use(r.Expr)
			}
		}
	}
	manifests(t, func(_ string, o object) {
		if o.Kind == "ScaledObject" {
			use(scalerQueries(t, o)...)
		}
		if o.Metadata.Labels["grafana_dashboard"] == "1" {
			for _, text := range o.Data {
				use(queries(t, text)...)
			}
		}
	})
	for name, exporter := range exported(t) {
		if exporter != "server" && !used[name] {
			t.Errorf("%s of %s is listed and not asked for", name, exporter)
		}
	}
}
