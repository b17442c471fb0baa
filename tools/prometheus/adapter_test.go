package prometheus

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/prometheus/prometheus/promql/promqltest"
	"go.yaml.in/yaml/v3"
)

// adapterRule is what these tests read of a rule of prometheus-adapter.
type adapterRule struct {
	SeriesQuery  string `yaml:"seriesQuery"`
	MetricsQuery string `yaml:"metricsQuery"`
}

// adapterRules are those of a cluster that has an adapter; they are the same in all.
func adapterRules(t *testing.T) []adapterRule {
	t.Helper()
	paths, err := filepath.Glob(golden + "/platform/overlays/*/metricsadapter.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rules for an adapter below %s: %v", golden, err)
	}
	data, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := yaml.Unmarshal(data, &o); err != nil {
		t.Fatalf("%s: %v", paths[0], err)
	}
	var config struct {
		Rules []adapterRule `yaml:"rules"`
	}
	if err := yaml.Unmarshal([]byte(o.Data["config.yaml"]), &config); err != nil {
		t.Fatalf("%s: %v", paths[0], err)
	}
	return config.Rules
}

// about is a rule's query for objects of acme's, as the adapter writes it (its
// docs/config.md, "Querying").
func (r adapterRule) about(t *testing.T, resource, names string) string {
	t.Helper()
	series, _, _ := strings.Cut(r.SeriesQuery, "{")
	var query strings.Builder
	if err := template.Must(template.New("").Delims("<<", ">>").Parse(r.MetricsQuery)).Execute(&query, map[string]any{
		"Series":            series,
		"GroupBy":           resource,
		"LabelMatchers":     `namespace="tenant-acme",` + resource + `=~"` + names + `"`,
		"LabelValuesByName": map[string]string{"namespace": "tenant-acme", resource: names},
	}); err != nil {
		t.Fatal(err)
	}
	return query.String()
}

// Beside the pods' GPUs there is an idle one, whose series tells of nobody; where labels
// are moved aside, it names the exporter's own pod as theirs do.
func TestAdapterReadsTheGPUsOfPods(t *testing.T) {
	s := subject{tenant: "acme", model: "ranker"}
	over := minutely(10 * time.Minute)
	tried := 0
	for _, r := range adapterRules(t) {
		metric, _, _ := strings.Cut(r.SeriesQuery, "{")
		full := map[string]float64{"DCGM_FI_DEV_GPU_UTIL": 100, "DCGM_FI_PROF_GR_ENGINE_ACTIVE": 1}[metric]
		if full == 0 {
			continue
		}
		tried++
		for _, honored := range []bool{false, true} {
			data := series{
				s.gpu(metric, 0, always(full, over), honored),
				s.gpu(metric, 1, always(full/2, over), honored),
				metric + `{gpu="2",namespace="gpu-operator",pod="nvidia-dcgm-exporter-2xk5p"} ` + always(0, over),
			}
			got := values(t, r.about(t, "pod", s.pod(0)+"|"+s.pod(1)), data, over)
			if len(got) != 2 || got[s.pod(0)] != 100 || got[s.pod(1)] != 50 {
				t.Errorf("%s, labels kept: %v: pods have %v", metric, honored, got)
			}
		}
	}
	if tried != 2 {
		t.Errorf("%d rules read GPUs, want one for each of two metrics", tried)
	}
}

// values are a query's at the end, by pod.
func values(t *testing.T, query string, data series, over span) map[string]float64 {
	t.Helper()
	storage := promqltest.LoadedStorage(t, "load "+over.step.String()+"\n\t"+strings.Join(data, "\n\t")+"\n")
	defer storage.Close()
	q, err := engine(t).NewInstantQuery(context.Background(), storage, nil, query, time.Unix(0, 0).Add(over.end))
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer q.Close()
	vector, err := q.Exec(context.Background()).Vector()
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	out := map[string]float64{}
	for _, sample := range vector {
		out[sample.Metric.Get("pod")] = sample.F
	}
	return out
}
