package scaling

import (
	"strings"
	"testing"
	"text/template"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/internal/workloadtest"
)

// served is what the adapter serves, by metric and kind of object, and the runtime's
// series that it is from.
func served(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, rule := range adapterRules() {
		series, _, _ := strings.Cut(rule.SeriesQuery, "{")
		name := series
		if rule.Name != nil {
			name = rule.Name.As
		}
		for _, resource := range rule.Resources.Overrides {
			if resource.Resource == "namespace" {
				continue
			}
			key := name + " of " + resource.Resource
			if first, taken := out[key]; taken {
				t.Errorf("%s is made of %s and of %s: the adapter keeps one rule", key, first, series)
			}
			out[key] = series
		}
	}
	return out
}

// What an HPA asks for, the adapter serves by rules of the same cluster, from the series
// of the model's own runtime.
func TestAdapterServesWhatAutoscalersRead(t *testing.T) {
	p := adapterPlacement(t)
	have := served(t)
	workloadtest.Model(t, p, "sentiment").Spec.Scaling.Also = []fleet.ScalingMetric{{Metric: "gpu", Target: 80}}
	workloadtest.Model(t, p, "vision").Spec.Scaling.Also = []fleet.ScalingMetric{{Metric: "gpu", Target: 80}}
	asked := map[string]bool{}
	for _, m := range p.Models {
		scaler := HorizontalPodAutoscaler(p, m)
		if scaler == nil {
			continue
		}
		for _, metric := range scaler.Spec.Metrics {
			var name string
			switch {
			case metric.Pods != nil:
				name = metric.Pods.Metric.Name + " of pod"
			case metric.Object != nil:
				name = metric.Object.Metric.Name + " of service"
			default:
				continue
			}
			asked[name] = true
			series := have[name]
			if series == "" {
				t.Errorf("nothing serves %s", name)
			}
			if ofTriton := strings.HasPrefix(series, "nv_"); !strings.HasPrefix(series, "DCGM_") && ofTriton != (m.Spec.Runtime == fleet.Triton) {
				t.Errorf("model %s of runtime %s reads %s, which is made of %s", m.Name, m.Spec.Runtime, name, series)
			}
		}
	}
	if len(asked) != 6 { // two queues, two latencies, two kinds of GPUs
		t.Errorf("asked for %v", asked)
	}
}

// A query is a template, which the adapter fills in (prometheus-adapter,
// docs/config.md, "Querying").
func TestAdapterReadsGPUsWhicheverLabelsNameTheirPods(t *testing.T) {
	var got strings.Builder
	query := template.Must(template.New("").Delims("<<", ">>").Parse(averageOfGPUs))
	if err := query.Execute(&got, map[string]any{
		"Series":            "DCGM_FI_DEV_GPU_UTIL",
		"GroupBy":           "pod",
		"LabelMatchers":     `namespace="tenant-acme",pod=~"vision-1|vision-2"`,
		"LabelValuesByName": map[string]string{"namespace": "tenant-acme", "pod": "vision-1|vision-2"},
	}); err != nil {
		t.Fatal(err)
	}
	want := `avg by (pod) (label_replace(DCGM_FI_DEV_GPU_UTIL{exported_namespace="tenant-acme",exported_pod=~"vision-1|vision-2"}, "pod", "$1", "exported_pod", "(.+)")` +
		` or DCGM_FI_DEV_GPU_UTIL{namespace="tenant-acme",pod=~"vision-1|vision-2"})`
	if got.String() != want {
		t.Errorf("asks\n%s\nwant\n%s", got.String(), want)
	}
}
