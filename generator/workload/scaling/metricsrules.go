package scaling

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/mlfleet/mlfleet/generator/fleet"
	"github.com/mlfleet/mlfleet/generator/workload/contract"
	"github.com/mlfleet/mlfleet/generator/workload/object"
)

// Names under which the adapter serves what is computed from several series.
const (
	servedLatency        = "mlfleet_latency_p99_seconds"
	servedGPUUtilization = "mlfleet_gpu_utilization_percent"
	servedEngineActive   = "mlfleet_gpu_engine_active_percent"
)

// MetricsRules is what the metrics adapter of a cluster must serve for the models'
// HPAs, as the ConfigMap that prometheus-adapter's Helm chart takes under
// rules.existing. It stands where the adapter does, beside Prometheus. A cluster
// without an adapter has none, and neither has the platform's base.
func MetricsRules(c *fleet.Cluster) *corev1.ConfigMap {
	if c == nil || !c.Spec.Scaling.MetricsAdapter {
		return nil
	}
	config, err := yaml.Marshal(adapterConfig{Rules: adapterRules()})
	if err != nil {
		panic("marshalling the adapter's rules, which are plain text: " + err.Error())
	}
	meta := object.PlatformMeta("mlfleet-metrics-rules")
	meta.Namespace = c.Spec.Observability.Namespace
	return &corev1.ConfigMap{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"},
		ObjectMeta: meta,
		Data:       map[string]string{"config.yaml": string(config)},
	}
}

// adapterConfig is the configuration of prometheus-adapter (its docs/config.md).
type adapterConfig struct {
	Rules []adapterRule `json:"rules"`
}

// adapterRule makes one metric of the custom.metrics.k8s.io API from series.
type adapterRule struct {
	// SeriesQuery finds the series, by which the adapter knows what there is.
	SeriesQuery string `json:"seriesQuery"`
	// Resources says which label of a series names which object.
	Resources adapterResources `json:"resources"`
	// Name is the metric's; the series' own without it.
	Name *adapterName `json:"name,omitempty"`
	// MetricsQuery is a template that the adapter fills in.
	MetricsQuery string `json:"metricsQuery"`
}

type adapterResources struct {
	Overrides map[string]adapterResource `json:"overrides"`
}

type adapterResource struct {
	Resource string `json:"resource"`
}

type adapterName struct {
	As string `json:"as"`
}

// adapterRules are the same in every cluster: the queries of query.go, for all
// models at once.
func adapterRules() []adapterRule {
	const perPod = `sum by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})`
	const average = `avg by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})`
	return []adapterRule{
		{fleet.ONNX.QueueMetric() + `{namespace!="",pod!=""}`, labels("namespace", "pod", "pod"), nil, perPod},
		{fleet.Triton.QueueMetric() + `{namespace!="",pod!=""}`, labels("namespace", "pod", "pod"), nil, perPod},
		{
			histogramSeries + `{namespace!="",service!=""}`, labels("namespace", "service", "service"), &adapterName{servedLatency},
			`histogram_quantile(0.99, sum by (le, <<.GroupBy>>) (rate(<<.Series>>{<<.LabelMatchers>>}[` + rateWindow + `])))`,
		},
		{
			summarySeries + `{namespace!="",service!=""}`, labels("namespace", "service", "service"), &adapterName{servedLatency},
			`max by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>,quantile="0.99"}) / 1e6`,
		},
		// One pair a metric: DCGM's exporter tells whose GPU it is in labels that
		// Prometheus moves aside, or keeps.
		{contract.GPUUtilization + `{exported_namespace!="",exported_pod!=""}`, labels("exported_namespace", "exported_pod", "pod"), &adapterName{servedGPUUtilization}, average},
		{contract.GPUUtilization + `{namespace!="",pod!="",exported_pod=""}`, labels("namespace", "pod", "pod"), &adapterName{servedGPUUtilization}, average},
		{contract.GPUEngineActive + `{exported_namespace!="",exported_pod!=""}`, labels("exported_namespace", "exported_pod", "pod"), &adapterName{servedEngineActive}, "100 * " + average},
		{contract.GPUEngineActive + `{namespace!="",pod!="",exported_pod=""}`, labels("namespace", "pod", "pod"), &adapterName{servedEngineActive}, "100 * " + average},
	}
}

// labels says which label names the namespace, and which the object of a kind.
func labels(namespace, label, resource string) adapterResources {
	return adapterResources{Overrides: map[string]adapterResource{namespace: {"namespace"}, label: {resource}}}
}
